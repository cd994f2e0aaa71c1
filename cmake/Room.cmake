# iago_room(NAME [USES room...] [LINK target...])
#
# Makes the library iago_NAME from the room's *.cc files and, from its *_test.cc files, the
# executable NAME_test. USES names the rooms whose headers this one may include (the layering test
# holds the includes to DESIGN's table), LINK the third-party libraries, private to the room.
function(iago_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  add_library(iago_${name} STATIC ${sources})
  target_include_directories(iago_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_USES PREPEND iago_)
  target_link_libraries(iago_${name} PUBLIC ${ROOM_USES} PRIVATE ${ROOM_LINK})
  if(IAGO_TESTS AND tests)
    iago_test(${name}_test SOURCES ${tests} LINK iago_${name} ${ROOM_LINK})
  endif()
endfunction()

# iago_test(NAME SOURCES file... LINK target...)
# One GoogleTest executable; its tests see the source tree as IAGO_SOURCE_DIR.
function(iago_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test_bin)
  target_link_libraries(${name} PRIVATE ${TEST_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
  # What the tests themselves compute is little and what they instantiate is much: the optimiser takes
  # a third of their compile time, under the sanitizers two thirds.
  if(IAGO_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  else()
    target_compile_options(${name} PRIVATE -O1)
  endif()
  target_compile_definitions(${name} PRIVATE IAGO_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             IAGO_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 1800)  # of a hang: sanitizers take minutes
endfunction()
