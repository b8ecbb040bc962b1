// The header of an Avro file that muster wrote.
#pragma once

#include "archive/avro_format.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace muster {

inline constexpr std::string_view kAvroMagic{"Obj\x01", 4};

struct AvroHeader {
    AvroCodec codec = AvroCodec::kNull;
    AvroSync sync{};
    std::size_t bytes = 0;
};

// `bytes` begin with the header. What is wrong with it, or "": then `header` is filled.
std::string read_avro_header(std::string_view bytes, const std::string& schema, AvroHeader& header);

}  // namespace muster
