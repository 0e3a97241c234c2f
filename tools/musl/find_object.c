// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Debian's libgcc_eh.a finds the unwind table of an address by a function that glibc has had since 2.35 and musl has not. This
// is that function on musl, from what every ELF system has, so that programs which throw can be linked by "./dev musl". The
// library itself throws only from its memory resources. A libgcc that was built for musl needs nothing of this.
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <stdint.h>

// As glibc's <dlfcn.h> on x86-64 has it; the unwinder reads map_end and eh_frame.
struct dl_find_object {
  unsigned long long flags;
  void* map_start;
  void* map_end;
  struct link_map* link_map;
  void* eh_frame;
  unsigned long long reserved[7];
};

struct search {
  uintptr_t address;
  struct dl_find_object* found;
};

static int look(struct dl_phdr_info* info, size_t size, void* data) {
  struct search* const search = data;
  const ElfW(Phdr)* table = NULL;
  int is_inside = 0;
  (void)size;
  for (ElfW(Half) i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* const part = &info->dlpi_phdr[i];
    const uintptr_t start = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_GNU_EH_FRAME) table = part;
    if (part->p_type != PT_LOAD || search->address < start || search->address - start >= part->p_memsz) continue;
    is_inside = 1;
    search->found->map_start = (void*)start;
    search->found->map_end = (void*)(start + part->p_memsz);
  }
  if (!is_inside || table == NULL) return 0;
  search->found->eh_frame = (void*)(info->dlpi_addr + table->p_vaddr);
  return 1;
}

// 0: found; -1: no object has this address.
int _dl_find_object(void* address, struct dl_find_object* found) {
  struct search search = {(uintptr_t)address, found};
  *found = (struct dl_find_object){0};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
