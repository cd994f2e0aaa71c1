# The rooms: read from the table in ARCHITECTURE.md, which is the only one (tests/layering_test.cc
# holds the includes to it).

set(IAGO_ROOMS "")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/ARCHITECTURE.md)
file(STRINGS ${CMAKE_SOURCE_DIR}/ARCHITECTURE.md rows REGEX "^\\| [0-9]+ \\| `")
foreach(row ${rows})
  if(NOT row MATCHES "^\\| [0-9]+ \\| `([a-z]+)` \\| .* \\| (-|[a-zA-Z ]+) \\|$")
    message(FATAL_ERROR "ARCHITECTURE.md: expected \"| LEVEL | `ROOM` | what | USES |\", found ${row}")
  endif()
  set(room ${CMAKE_MATCH_1})
  string(REPLACE " " ";" uses "${CMAKE_MATCH_2}")
  list(REMOVE_ITEM uses -)
  list(APPEND IAGO_ROOMS ${room})
  # A room above one that needs LibTorch needs it as well.
  set(IAGO_${room}_NEEDS_TORCH OFF)
  foreach(other ${uses})
    if(other STREQUAL LibTorch OR IAGO_${other}_NEEDS_TORCH)
      set(IAGO_${room}_NEEDS_TORCH ON)
    endif()
  endforeach()
  list(REMOVE_ITEM uses LibTorch)
  set(IAGO_${room}_USES ${uses})
endforeach()
if(NOT IAGO_ROOMS)
  message(FATAL_ERROR "ARCHITECTURE.md: no table of rooms")
endif()

# iago_room(NAME [LINK target...])
#
# Makes the library iago_NAME from the room's *.cc and internal/*.cc and, from its *_test.cc, the
# executable NAME_test. What only tests use lies in testing/NAME/; its *.cc are the library
# iago_NAME_testing. LINK names the third-party libraries, private to the room; the rooms that it
# uses come from the table.
function(iago_room name)
  cmake_parse_arguments(ROOM "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc internal/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  list(TRANSFORM IAGO_${name}_USES PREPEND iago_ OUTPUT_VARIABLE uses)
  if(sources)
    set(scope PUBLIC)
    add_library(iago_${name} STATIC ${sources})
    target_link_libraries(iago_${name} PRIVATE ${ROOM_LINK})
  else()
    set(scope INTERFACE)
    add_library(iago_${name} INTERFACE)
  endif()
  target_include_directories(iago_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(iago_${name} ${scope} ${uses})

  set(fixtures iago_${name})
  file(GLOB testing CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/testing/${name}/*.cc)
  if(testing)
    add_library(iago_${name}_testing STATIC EXCLUDE_FROM_ALL ${testing})
    target_include_directories(iago_${name}_testing PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(iago_${name}_testing PUBLIC iago_${name})
    set(fixtures iago_${name}_testing)
  endif()
  if(IAGO_TESTS AND tests)
    iago_test(${name}_test SOURCES ${tests} LINK ${fixtures} ${ROOM_LINK})
  endif()
endfunction()

# iago_test(NAME SOURCES file... LINK target...)
# One GoogleTest executable; its tests see the source tree as IAGO_SOURCE_DIR, and testing/.
function(iago_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test_bin)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
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
