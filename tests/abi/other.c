// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stands for a library of another minor version, with the same soname.
int chime_of_another_version(void);
int chime_of_another_version(void) { return 0; }
