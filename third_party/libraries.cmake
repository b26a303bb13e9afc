# What a part or a test may name under LIBRARIES, and the target behind it.
set(SEQ2SEQ_LIBRARY_torch Torch::torch)
set(SEQ2SEQ_LIBRARY_crypto OpenSSL::Crypto)
set(SEQ2SEQ_LIBRARY_json nlohmann_json::nlohmann_json)
set(SEQ2SEQ_LIBRARY_yaml-cpp yaml-cpp::yaml-cpp)
set(SEQ2SEQ_LIBRARY_cli11 CLI11::CLI11)
set(SEQ2SEQ_LIBRARY_threads Threads::Threads)
set(SEQ2SEQ_LIBRARY_zlib ZLIB::ZLIB)
set(SEQ2SEQ_LIBRARY_zstd Zstd::zstd)
