// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As much of the seed's interface as the page uses: Debian has no package of it.
#include <stdbool.h>
#include <stddef.h>

typedef struct iree_status_handle_t* iree_status_t;
typedef size_t iree_host_size_t;
typedef struct iree_async_event_t iree_async_event_t;
typedef struct iree_async_proactor_t iree_async_proactor_t;
typedef struct iree_allocator_t {
  void* self;
} iree_allocator_t;
typedef struct iree_async_event_pool_t {
  iree_async_proactor_t* proactor;
} iree_async_event_pool_t;

#define iree_ok_status() ((iree_status_t)NULL)
bool iree_status_is_ok(iree_status_t status);
iree_status_t iree_async_event_pool_initialize(iree_async_proactor_t* proactor, iree_allocator_t allocator,
                                               iree_host_size_t initial_capacity, iree_async_event_pool_t* out_pool);
void iree_async_event_pool_deinitialize(iree_async_event_pool_t* pool);
iree_status_t iree_async_event_pool_acquire(iree_async_event_pool_t* pool, iree_async_event_t** out_event);
void iree_async_event_pool_release(iree_async_event_pool_t* pool, iree_async_event_t* event);

// HERE
