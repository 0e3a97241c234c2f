// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Plays inputs once more, without libFuzzer: files, and all files of directories.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

namespace fs = std::filesystem;

void play(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.good() && !in.eof()) throw std::runtime_error("cannot read " + file.string());
  (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::size_t play_all(const fs::path& where) {
  if (!fs::is_directory(where)) return play(where), 1;
  std::size_t played = 0;
  for (const auto& entry : fs::recursive_directory_iterator(where)) {
    if (!entry.is_regular_file()) continue;
    play(entry.path());
    ++played;
  }
  return played;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    std::size_t played = 0;
    for (int i = 1; i < count; ++i) played += play_all(arguments[i]);
    std::printf("%zu inputs played\n", played);
    return played != 0 ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
