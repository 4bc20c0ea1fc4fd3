# cmake -DPROGRAM= -DPAGE= -P compare.cmake
# Fails unless the file PAGE is, byte for byte, what PROGRAM prints.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE printed RESULT_VARIABLE ended)
if(NOT ended EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${ended}")
endif()
set(page "")
if(EXISTS ${PAGE})
  file(READ ${PAGE} page)
endif()
if(NOT page STREQUAL printed)
  message(FATAL_ERROR "docs/privacy.md does not say what the manifests say. Write it anew, and read what changed:\n"
    "  ./dev build && build/dev/tests/docs/privacy_md > docs/privacy.md")
endif()
