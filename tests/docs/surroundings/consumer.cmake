# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(chime REQUIRED)
add_executable(app main.cpp)
# HERE
