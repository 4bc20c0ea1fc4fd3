# Static programs for QCLOUD_ARCH, a file of targets/. Libraries come from build/cross/deps/ARCH, made by build-deps.sh.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES QCLOUD_ARCH)
set(root ${CMAKE_CURRENT_LIST_DIR}/..)
cmake_path(NORMAL_PATH root)

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/targets/${QCLOUD_ARCH} facts REGEX "^[A-Z]+=")
foreach(fact IN LISTS facts)
  string(REGEX MATCH "^([A-Z]+)=(.*)$" whole "${fact}")
  set(TARGET_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
endforeach()
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/targets/common common)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${QCLOUD_ARCH})
set(CMAKE_C_COMPILER ${TARGET_TRIPLE}-gcc)
set(CMAKE_CXX_COMPILER ${TARGET_TRIPLE}-g++)
set(CMAKE_C_FLAGS_INIT "${TARGET_FLAGS} ${common}")
set(CMAKE_CXX_FLAGS_INIT "${TARGET_FLAGS} ${common}")

# libc from the sysroot; everything else of the compiler stays where it is.
set(deps ${root}build/cross/deps/${QCLOUD_ARCH})
set(libc ${root}build/cross/sysroot/${QCLOUD_ARCH}/usr/lib/${TARGET_TRIPLE})
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -B${libc}/ -L${libc} ${TARGET_LINK}")
# What takes the place of members of libc.a and libstdc++.a; each says why. Being objects, they come before archives.
file(GLOB instead ${deps}/lib/*.o)
list(JOIN instead " " CMAKE_CXX_STANDARD_LIBRARIES_INIT)

set(CMAKE_FIND_ROOT_PATH ${deps})
set(CMAKE_PREFIX_PATH /)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)

# Tests of another processor run under qemu-user.
if(TARGET_QEMU)
  separate_arguments(CMAKE_CROSSCOMPILING_EMULATOR UNIX_COMMAND "${TARGET_QEMU}")
endif()
