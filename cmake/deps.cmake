find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Threads REQUIRED)
find_path(CARES_INCLUDE ares.h REQUIRED)
find_library(CARES_LIBRARY cares REQUIRED)
find_path(NGHTTP2_INCLUDE nghttp2/nghttp2.h REQUIRED)
find_library(NGHTTP2_LIBRARY nghttp2 REQUIRED)
find_path(QRENCODE_INCLUDE qrencode.h REQUIRED)
find_library(QRENCODE_LIBRARY qrencode REQUIRED)

add_library(qc_cares INTERFACE)
target_include_directories(qc_cares SYSTEM INTERFACE ${CARES_INCLUDE})
target_link_libraries(qc_cares INTERFACE ${CARES_LIBRARY})

add_library(qc_nghttp2 INTERFACE)
target_include_directories(qc_nghttp2 SYSTEM INTERFACE ${NGHTTP2_INCLUDE})
target_link_libraries(qc_nghttp2 INTERFACE ${NGHTTP2_LIBRARY})

add_library(qc_qrencode INTERFACE)
target_include_directories(qc_qrencode SYSTEM INTERFACE ${QRENCODE_INCLUDE})
target_link_libraries(qc_qrencode INTERFACE ${QRENCODE_LIBRARY})

# Asio, Beast, JSON and URL are compiled here once; everyone else sees declarations.
add_library(qc_boost STATIC cmake/boost.cpp)
# Not ours to find fault with, and the longest of all files to compile.
if(QCLOUD_SANITIZE MATCHES undefined)
  set_property(SOURCE cmake/boost.cpp APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=undefined)
endif()
compile_for_speed(cmake/boost.cpp)
target_compile_definitions(qc_boost PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY
  BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_JSON_NO_LIB BOOST_URL_NO_LIB BOOST_CONTAINER_NO_LIB)
target_include_directories(qc_boost SYSTEM PUBLIC ${Boost_INCLUDE_DIRS})
target_link_libraries(qc_boost PUBLIC OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
