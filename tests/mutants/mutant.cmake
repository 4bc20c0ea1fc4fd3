# qc_mutant(NAME FILE PATTERN REPLACEMENT [OF TARGET] [LINK lib...] [ALL])
# NAME is the program TARGET (qcloudd unless said) with FILE (from the top) replaced by a copy in which PATTERN has
# become REPLACEMENT. TARGET's other objects are linked as they are. FILE may be TARGET's own source, or any source of
# the libraries that TARGET links: the copy's object comes before the archives, so the original is not drawn in.
# LINK adds libraries. Without ALL, NAME is built only when asked for.
function(qc_mutant name file pattern replacement)
  cmake_parse_arguments(PARSE_ARGV 4 ARG "ALL" "OF" "LINK")
  if(NOT ARG_OF)
    set(ARG_OF qcloudd)
  endif()
  set(source ${CMAKE_SOURCE_DIR}/${file})
  if(NOT EXISTS ${source})
    message(FATAL_ERROR "mutant ${name}: no file ${file}")
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}.mutation)
  foreach(part pattern replacement)
    file(WRITE ${folder}/${part}.new "${${part}}")
    file(COPY_FILE ${folder}/${part}.new ${folder}/${part} ONLY_IF_DIFFERENT)
  endforeach()
  get_filename_component(base ${file} NAME)
  set(copy ${folder}/${base})
  set(script ${CMAKE_SOURCE_DIR}/tests/mutants/mutate.cmake)
  add_custom_command(OUTPUT ${copy}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DOUTPUT=${copy} -DPATTERN=${folder}/pattern
      -DREPLACEMENT=${folder}/replacement -P ${script}
    DEPENDS ${source} ${script} ${folder}/pattern ${folder}/replacement
    COMMENT "Mutating ${file} for ${name}" VERBATIM)

  # Definitions that the original's own CMakeLists.txt gives this one file.
  get_filename_component(home ${source} DIRECTORY)
  while(NOT EXISTS ${home}/CMakeLists.txt)
    get_filename_component(home ${home} DIRECTORY)
  endwhile()
  get_source_file_property(definitions ${source} DIRECTORY ${home} COMPILE_DEFINITIONS)
  if(definitions)
    set_source_files_properties(${copy} PROPERTIES COMPILE_DEFINITIONS "${definitions}")
  endif()

  # Where the file is TARGET's own, its object is left out.
  get_target_property(target_folder ${ARG_OF} SOURCE_DIR)
  file(RELATIVE_PATH own ${target_folder} ${source})
  string(REPLACE "." "[.]" own ${own})
  add_executable(${name} ${copy} "$<FILTER:$<TARGET_OBJECTS:${ARG_OF}>,EXCLUDE,[.]dir/([.]/)?${own}[.]o$>")
  get_target_property(libraries ${ARG_OF} LINK_LIBRARIES)
  target_link_libraries(${name} PRIVATE ${libraries} ${ARG_LINK})
  target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:${ARG_OF},COMPILE_DEFINITIONS>)
  if(NOT ARG_ALL)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()
