# Catch2 2.13 (Debian 12, Ubuntu 22.04) or 3.4 (Ubuntu 24.04); test/support/catch.h takes either.
find_package(Catch2 REQUIRED)
