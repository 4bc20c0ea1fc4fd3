# What nearly every file includes is parsed once: a fifth of the compiler's time. Files include what they use all the
# same: lint and the fuzzers do without this.
if(NOT QCLOUD_PRECOMPILE)
  return()
endif()

# A library of its own, without code: whose headers others reuse may not leave a single one of its sources out.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "")
add_library(precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
target_link_libraries(precompiled PRIVATE qc_boost)
target_precompile_headers(precompiled PRIVATE
  <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp>
  <boost/asio/ip/tcp.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp> <boost/json.hpp>
  <algorithm> <functional> <map> <memory> <optional> <string> <variant> <vector>)

# Whether `target` links qc_boost, itself or through others; without it Boost's headers mean something else.
function(qc_has_boost target out)
  set(found FALSE)
  get_target_property(links ${target} LINK_LIBRARIES)
  foreach(link ${links})
    if(link STREQUAL qc_boost)
      set(found TRUE)
    elseif(NOT found AND TARGET ${link} AND NOT link MATCHES "::")
      qc_has_boost(${link} found)
    endif()
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

function(qc_precompile folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$")
      qc_has_boost(${target} boost)
      if(boost)
        target_precompile_headers(${target} REUSE_FROM precompiled)
      endif()
    endif()
  endforeach()
  get_property(below DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(child ${below})
    qc_precompile(${child})
  endforeach()
endfunction()
qc_precompile(${CMAKE_SOURCE_DIR})
