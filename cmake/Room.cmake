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

# The thread-sanitized build (-DIAGO_SANITIZE=thread) also registers the tests that rooms name with
# THREADS, under the label `threads`; the target threads_tests builds what they need. Some libtsans
# (gcc 12's among them) cannot start where addresses are more random than 28 bits, so they are
# started with fixed addresses there.
if(IAGO_TESTS AND IAGO_SANITIZE MATCHES "thread")
  add_custom_target(threads_tests)
  set(IAGO_THREADS_LAUNCHER "")
  if(EXISTS /proc/sys/vm/mmap_rnd_bits)
    file(READ /proc/sys/vm/mmap_rnd_bits random_bits)
    string(STRIP "${random_bits}" random_bits)
    find_program(SETARCH setarch)
    if(random_bits GREATER 28 AND SETARCH)
      set(IAGO_THREADS_LAUNCHER ${SETARCH} -R)
    endif()
  endif()
endif()

# iago_room(NAME [LINK target...] [THREADS filter...])
#
# Makes the library iago_NAME from the room's *.cc and internal/*.cc and, from its *_test.cc, the
# executable NAME_test. What only tests use lies in testing/NAME/; its *.cc are the library
# iago_NAME_testing. LINK names the third-party libraries, private to the room; the rooms that it
# uses come from the table. THREADS are GoogleTest patterns of the room's tests that run on several
# threads, for the thread sanitizer.
function(iago_room name)
  cmake_parse_arguments(ROOM "" "" "LINK;THREADS" ${ARGN})
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
    if(ROOM_THREADS AND TARGET threads_tests)
      iago_threads_test(${name} ${ROOM_THREADS})
    endif()
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

# iago_threads_test(NAME pattern...)
# Those tests of NAME_test under the thread sanitizer, as NAME_threads_test. Fails if no test is
# called by any of the patterns.
function(iago_threads_test name)
  list(JOIN ARGN ":" filter)
  add_test(NAME ${name}_threads_test
           COMMAND ${IAGO_THREADS_LAUNCHER} $<TARGET_FILE:${name}_test> --gtest_filter=${filter})
  set_tests_properties(${name}_threads_test PROPERTIES TIMEOUT 1800 LABELS threads
                                                       FAIL_REGULAR_EXPRESSION "Running 0 tests")
  add_dependencies(threads_tests ${name}_test)
endfunction()
