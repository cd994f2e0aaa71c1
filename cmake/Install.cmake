# What `cmake --install` puts into a prefix, and the Debian packages that `cpack` makes of the same.
# Two components: `iago`, the program with all that it ships, and `iago-torch`, the program that
# trains, beside it.
include(GNUInstallDirs)

install(TARGETS iago DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT iago)

# The program looks for its data in ../share/iago from its own folder (src/cli/main.cc), so they lie
# there whatever CMAKE_INSTALL_DATADIR says.
install(DIRECTORY settings queries rubrics studies skeleton documents DESTINATION share/iago COMPONENT iago)
install(DIRECTORY organisms DESTINATION share/iago COMPONENT iago
        PATTERN growing EXCLUDE
        PATTERN growing.state EXCLUDE)
install(FILES prices.toml DESTINATION share/iago COMPONENT iago)

install(FILES LICENSE RENAME copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/iago
        COMPONENT iago)
install(FILES README.md CHANGELOG.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/iago
        COMPONENT iago)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/iago COMPONENT iago
        FILES_MATCHING PATTERN *.md)

# What the program wrote of itself when it was built (src/cli/CMakeLists.txt).
set(generated ${CMAKE_BINARY_DIR}/generated)
install(FILES ${generated}/man RENAME iago.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
        COMPONENT iago)
install(FILES ${generated}/bash RENAME iago
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT iago)
install(FILES ${generated}/zsh RENAME _iago
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT iago)
install(FILES ${generated}/fish RENAME iago.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT iago)

set(CPACK_COMPONENTS_ALL iago)
if(IAGO_TORCH)
  # A LibTorch beside the system's libraries is found where it was at the build.
  set_target_properties(iago-torch PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS iago-torch DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT iago-torch)
  install(FILES LICENSE RENAME copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/iago-torch
          COMPONENT iago-torch)
  list(APPEND CPACK_COMPONENTS_ALL iago-torch)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "measurement of alignment faking in language models")
set(CPACK_PACKAGE_VENDOR "The Iago contributors")
# Debian wants a maintainer with an address. There is no mailing list, and nobody's own address
# belongs here: who distributes the package names another by -DCPACK_DEBIAN_PACKAGE_MAINTAINER.
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Iago contributors <iago@localhost>"
    CACHE STRING "Maintainer of the Debian packages")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_IAGO_PACKAGE_NAME iago)
set(CPACK_COMPONENT_IAGO_DESCRIPTION
    "Does a model comply more when it believes that its answers are used to train
it, and does its reasoning say that it does so to avoid being changed? With
settings, queries, rubrics, and small networks of known behaviour on which the
instrument itself is checked.")
set(CPACK_DEBIAN_IAGO_PACKAGE_RECOMMENDS ca-certificates)  # to know servers by
set(CPACK_DEBIAN_IAGO_PACKAGE_SUGGESTS iago-torch)
set(CPACK_DEBIAN_IAGO-TORCH_PACKAGE_NAME iago-torch)
set(CPACK_DEBIAN_IAGO-TORCH_PACKAGE_DEPENDS "iago (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_IAGO-TORCH_DESCRIPTION
    "The program iago-torch, to which iago hands the commands that train networks.")
include(CPack)
