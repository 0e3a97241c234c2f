// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <linux/sync_file.h>
#include <sys/ioctl.h>

void failed(int error);

void fence_is_over(int fence) {
  // HERE
}
