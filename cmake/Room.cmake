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

# Loops over numbers are compiled once for each level of the x86-64 psABI (base/processor.h), and the
# highest one that the processor offers is chosen when the program runs. Everything else is compiled
# for every x86-64 processor. With IAGO_NATIVE, and on other processors, there is the baseline alone.
set(IAGO_LEVELS baseline)
if(NOT IAGO_NATIVE AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND IAGO_LEVELS v3 v4)
endif()

# iago_levels(NAME source...)
# Adds these sources to the room's library once for each level. The linker keeps one copy of what
# several objects define alike, such as an inline function of the standard library; if that copy came
# from a high level, the whole program would need its processor. So these sources may define nothing
# of the kind, and a test looks for it in what the compiler made of them.
function(iago_levels name)
  foreach(level ${IAGO_LEVELS})
    set(objects iago_${name}_${level})
    add_library(${objects} OBJECT ${ARGN})
    set_target_properties(${objects} PROPERTIES UNITY_BUILD OFF)
    target_include_directories(${objects} PRIVATE ${CMAKE_SOURCE_DIR}/src)
    target_compile_definitions(${objects} PRIVATE IAGO_LEVEL=${level})
    if(NOT level STREQUAL baseline)
      target_compile_options(${objects} PRIVATE -march=x86-64-${level})
    endif()
    target_sources(iago_${name} PRIVATE $<TARGET_OBJECTS:${objects}>)
    if(IAGO_TESTS AND NOT IAGO_SANITIZE)
      add_test(NAME ${name}_${level}_alone_test
               COMMAND ${CMAKE_SOURCE_DIR}/tests/defines_nothing_shared.sh ${CMAKE_NM}
                       $<TARGET_OBJECTS:${objects}>
               COMMAND_EXPAND_LISTS)
    endif()
  endforeach()
  if(v4 IN_LIST IAGO_LEVELS)
    target_compile_definitions(iago_${name} PRIVATE IAGO_X86_LEVELS)
  endif()
endfunction()

# iago_room(NAME [LINK target...] [THREADS filter...])
#
# Makes the library iago_NAME from the room's *.cc and internal/*.cc and, once for each level of the
# processor, its levels/*.cc. Makes the executable NAME_test from its *_test.cc. What only tests use
# lies in testing/NAME/; its *.cc are the library iago_NAME_testing. LINK names the third-party
# libraries, private to the room; the rooms that it uses come from the table. THREADS are GoogleTest
# patterns of the room's tests that run on several threads, for the thread sanitizer.
function(iago_room name)
  cmake_parse_arguments(ROOM "" "" "LINK;THREADS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc internal/*.cc)
  file(GLOB levels CONFIGURE_DEPENDS levels/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  list(TRANSFORM IAGO_${name}_USES PREPEND iago_ OUTPUT_VARIABLE uses)
  if(sources)
    set(scope PUBLIC)
    add_library(iago_${name} STATIC ${sources})
    target_link_libraries(iago_${name} PRIVATE ${ROOM_LINK})
    if(levels)
      iago_levels(${name} ${levels})
    endif()
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
  # What the tests themselves compute is little and what they instantiate is much: the optimiser would
  # take half of their compile time.
  target_compile_options(${name} PRIVATE -O0)
  target_compile_definitions(${name} PRIVATE IAGO_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             IAGO_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900)  # of a hang: sanitizers take minutes
endfunction()

# iago_threads_test(NAME pattern...)
# Those tests of NAME_test under the thread sanitizer, as NAME_threads_test. Fails if no test is
# called by any of the patterns.
function(iago_threads_test name)
  list(JOIN ARGN ":" filter)
  add_test(NAME ${name}_threads_test
           COMMAND ${IAGO_THREADS_LAUNCHER} $<TARGET_FILE:${name}_test> --gtest_filter=${filter})
  set_tests_properties(
    ${name}_threads_test
    PROPERTIES
      TIMEOUT 900
      LABELS threads
      FAIL_REGULAR_EXPRESSION "Running 0 tests"
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/thread-sanitizer.supp")
  add_dependencies(threads_tests ${name}_test)
endfunction()
