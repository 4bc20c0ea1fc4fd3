set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# -O1 keeps the edit-build-test loop short and still finds what -O0 hides.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_DEV "-O1 -g1" CACHE STRING "" FORCE)
set(CMAKE_CXX_FLAGS_RELEASE "-Os -g0" CACHE STRING "" FORCE)

set(QCLOUD_SANITIZE "" CACHE STRING "Sanitizers, comma separated, empty for none")
if(QCLOUD_SANITIZE)
  add_compile_options(-fsanitize=${QCLOUD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${QCLOUD_SANITIZE})
else()
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

add_compile_options(
  -Wall -Wextra -Wno-psabi
  -ffunction-sections -fdata-sections
  -fstack-protector-strong -fstack-clash-protection)
# GCC 12 mistakes Asio's recycled coroutine frames and optionals in aggregates for errors.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete> $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack)

# Everything is included by its path from the top: "agent/core/result.hpp".
include_directories(${CMAKE_SOURCE_DIR})
