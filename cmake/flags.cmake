set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# -O1 keeps the edit-build-test loop short and still finds what -O0 hides.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_DEV "-O1 -g1" CACHE STRING "" FORCE)
set(CMAKE_CXX_FLAGS_RELEASE "-Os -g0" CACHE STRING "" FORCE)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # A sixth of GCC's time, and nothing of its code: lines need no variables, and memory may wait to be collected.
  add_compile_options(-fno-var-tracking
    "$<$<COMPILE_LANGUAGE:CXX>:SHELL:--param ggc-min-heapsize=600000>")
endif()

# compile_for_speed(SOURCE...): what each byte of a visitor goes through is compiled for speed, all else for size.
function(compile_for_speed)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -O2)
    set_property(SOURCE ${ARGN} PROPERTY SKIP_PRECOMPILE_HEADERS ON)  # they are compiled otherwise
  endif()
endfunction()

# For how long a test program may run before it counts as hung, in seconds.
set(QCLOUD_PATIENCE 120)

option(QCLOUD_PRECOMPILE "Precompile the headers of Boost and of the standard library" OFF)

set(QCLOUD_SANITIZE "" CACHE STRING "Sanitizers, comma separated, empty for none")
if(QCLOUD_SANITIZE)
  set(QCLOUD_PATIENCE 600)
  add_compile_options(-fsanitize=${QCLOUD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${QCLOUD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND QCLOUD_SANITIZE MATCHES undefined)
    # A look at each pointer before each use: with it GCC needs twice the time for Asio. The address sanitizer
    # stops at a null pointer too, and the fuzzers, which clang builds, have all of them.
    add_compile_options(-fno-sanitize=null,alignment,object-size,vptr)
  endif()
else()
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

add_compile_options(
  -Wall -Wextra -Wno-psabi
  -ffunction-sections -fdata-sections
  -fstack-protector-strong -fstack-clash-protection)
# GCC 12 mistakes Asio's recycled coroutine frames and optionals in aggregates for errors.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete> $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
# Where headers are precompiled: for ccache; and GCC 12 takes a string's own buffer for exceeded (its bug 105329).
if(QCLOUD_PRECOMPILE)
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack)

# Everything is included by its path from the top: "agent/core/result.hpp".
include_directories(${CMAKE_SOURCE_DIR})
