// The reader against files that lie, and the writer against the reader and against a file that
// transformers wrote.
#include "lm/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>

#include "base/file.h"
#include "testing/lm/small_network.h"

namespace iago {
namespace {

class SafetensorsFile : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "model.safetensors"; }

  // A file with this header, after the length that it really has or the one that is claimed.
  Safetensors open(std::string_view header, std::size_t data_bytes,
                   std::optional<std::uint64_t> claimed = {}) const {
    const std::uint64_t length = claimed.value_or(header.size());
    std::string content(8, '\0');
    std::memcpy(content.data(), &length, 8);
    content += header;
    content.append(data_bytes, '\0');
    write_file(path(), content);
    return Safetensors::open(path());
  }

  void expect_corrupt(std::string_view header, std::size_t data_bytes,
                      std::initializer_list<std::string_view> words) const {
    expect_error(ErrorCode::corrupt, {"model.safetensors"}, [&] { open(header, data_bytes); });
    expect_error(ErrorCode::corrupt, words, [&] { open(header, data_bytes); });
  }

  TempFolder folder_;
};

constexpr std::string_view kGood = R"({"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                                   R"("b":{"dtype":"F16","shape":[3],"data_offsets":[16,22]}})";

TEST_F(SafetensorsFile, ReadsAWellFormedFile) {
  const Safetensors file = open(kGood, 22);
  EXPECT_EQ(file.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(file.find("a")->shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(file.find("b")->dtype, DType::float16);
  EXPECT_EQ(file.find("c"), nullptr);
  EXPECT_EQ(file.read("b"), (std::vector<float>{0, 0, 0}));
}

TEST_F(SafetensorsFile, AcceptsPaddingAScalarAndAnEmptyTensor) {
  const Safetensors file = open(R"({"__metadata__":{"format":"pt"},)"
                                R"("s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                                R"("e":{"dtype":"F32","shape":[0,9],"data_offsets":[4,4]}}   )",
                                4);
  EXPECT_EQ(file.read("s").size(), 1u);
  EXPECT_TRUE(file.read("e").empty());
}

TEST_F(SafetensorsFile, AMissingFileIsNotFound) {
  expect_error(ErrorCode::not_found, {"model.safetensors"}, [&] { Safetensors::open(path()); });
  expect_error(ErrorCode::not_found, {"neither"},
               [&] { Safetensors::open_folder(folder_.path()); });
}

TEST_F(SafetensorsFile, AFolderInPlaceOfAFileIsNotFound) {
  expect_error(ErrorCode::not_found, {"cannot be opened"},
               [&] { Safetensors::open(folder_.path()); });
}

TEST_F(SafetensorsFile, AnEmptyFileIsCorrupt) {
  write_file(path(), "");
  expect_error(ErrorCode::corrupt, {"8 bytes", "found 0"}, [&] { Safetensors::open(path()); });
}

TEST_F(SafetensorsFile, AFileCutInTheHeaderLengthIsCorrupt) {
  write_file(path(), "\x10\0\0");
  expect_error(ErrorCode::corrupt, {"8 bytes", "found 1"}, [&] { Safetensors::open(path()); });
}

TEST_F(SafetensorsFile, AHeaderLongerThanTheFileIsCorrupt) {
  expect_error(ErrorCode::corrupt, {"1000 bytes"}, [&] { open(kGood, 22, 1000); });
}

TEST_F(SafetensorsFile, AHeaderLengthOfAllBitsIsCorrupt) {
  expect_error(ErrorCode::corrupt, {"18446744073709551615"},
               [&] { open(kGood, 22, std::numeric_limits<std::uint64_t>::max()); });
}

TEST_F(SafetensorsFile, AHeaderBeyondTheLimitIsCorruptBeforeItIsRead) {
  std::string content(8, '\0');
  const std::uint64_t length = kMaxSafetensorsHeader + 1;
  std::memcpy(content.data(), &length, 8);
  write_file(path(), content);
  std::filesystem::resize_file(path(), length + 100);  // sparse
  expect_error(ErrorCode::corrupt, {"at most"}, [&] { Safetensors::open(path()); });
}

TEST_F(SafetensorsFile, AShortHeaderLengthIsCorrupt) {
  expect_error(ErrorCode::corrupt, {"not JSON"}, [&] { open(kGood, 22, 20); });
}

TEST_F(SafetensorsFile, AHeaderThatIsNoObjectIsCorrupt) {
  expect_corrupt("[]", 0, {"begin with {"});
  expect_corrupt(" {}", 0, {"begin with {"});
  expect_corrupt("", 0, {"begin with {"});
}

TEST_F(SafetensorsFile, ADeepHeaderIsCorrupt) {
  expect_corrupt("{\"a\":" + std::string(10000, '['), 0, {"nested"});
}

TEST_F(SafetensorsFile, ATensorThatStandsTwiceIsCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                 R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                 4, {"twice"});
}

TEST_F(SafetensorsFile, ATruncatedDataPartIsCorrupt) {
  expect_corrupt(kGood, 21, {"\"b\"", "[16, 22)", "21"});
}

TEST_F(SafetensorsFile, BytesBehindTheLastTensorAreCorrupt) {
  expect_corrupt(kGood, 23, {"22 bytes", "23"});
}

TEST_F(SafetensorsFile, OverlappingTensorsAreCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                 R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                 12, {"\"b\"", "overlap"});
}

TEST_F(SafetensorsFile, AGapBetweenTensorsIsCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                 R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                 12, {"\"b\"", "gap"});
}

TEST_F(SafetensorsFile, OffsetsThatRunBackwardsAreCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4,
                 {"\"a\"", "[4, 0)"});
}

TEST_F(SafetensorsFile, OffsetsBeyondTheFileAreCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}})", 4,
                 {"\"a\"", "4 bytes"});
}

TEST_F(SafetensorsFile, NegativeAndBrokenOffsetsAreCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4, {"offset", "-4"});
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.0]}})", 4, {"4.0"});
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4, {"two numbers"});
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":{"0":4}}})", 4, {"two numbers"});
}

TEST_F(SafetensorsFile, AShapeThatLiesAboutItsBytesIsCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8,
                 {"\"a\"", "[3]", "12", "8"});
}

TEST_F(SafetensorsFile, AShapeWhoseProductOverflowsIsCorrupt) {
  // 2^32 * 2^32 elements would be 0 modulo 2^64.
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
                 {"\"a\"", "elements"});
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0,
                 {"\"a\"", "dimension"});
}

TEST_F(SafetensorsFile, NegativeDimensionsAndHighRanksAreCorrupt) {
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, {"-1"});
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4,
                 {"at most 8"});
  expect_corrupt(R"({"a":{"dtype":"F32","shape":"x","data_offsets":[0,4]}})", 4, {"shape"});
}

TEST_F(SafetensorsFile, MissingFieldsAreNamed) {
  expect_corrupt(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4, {"\"a\"", "dtype"});
  expect_corrupt(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, {"\"a\"", "shape"});
  expect_corrupt(R"({"a":{"dtype":"F32","shape":[1]}})", 4, {"\"a\"", "data_offsets"});
  expect_corrupt(R"({"a":7})", 0, {"\"a\"", "object"});
}

TEST_F(SafetensorsFile, AnUnknownDtypeIsUnsupportedAndNamed) {
  expect_error(ErrorCode::unsupported,
               {"model.safetensors", "\"a\"", "F32, F16 or BF16", "F8_E4M3"},
               [&] { open(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1); });
  expect_error(ErrorCode::unsupported, {"\"a\"", "7"},
               [&] { open(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,1]}})", 1); });
}

TEST_F(SafetensorsFile, BrokenMetadataAndNamesAreCorrupt) {
  expect_corrupt(R"({"__metadata__":{"x":1}})", 0, {"strings"});
  expect_corrupt(R"({"__metadata__":3})", 0, {"__metadata__"});
  expect_corrupt(R"({"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4, {"name"});
  expect_corrupt("{\"" + std::string(2000, 'n') + R"(":{}})", 0, {"name", "2000"});
}

TEST_F(SafetensorsFile, AMissingTensorAndAWrongShapeNameExpectedAndFound) {
  const Safetensors file = open(kGood, 22);
  std::vector<float> out(4);
  const std::vector<std::int64_t> flat = {4};
  expect_error(ErrorCode::corrupt, {"model.safetensors", "\"c\"", "missing"},
               [&] { file.read("c", flat, out); });
  expect_error(ErrorCode::corrupt, {"model.safetensors", "\"a\"", "[4]", "[2, 2]"},
               [&] { file.read("a", flat, out); });
}

TEST_F(SafetensorsFile, AFileThatShrinksWhileItIsReadIsCorruptNotASignal) {
  const Safetensors file = open(kGood, 22);
  std::filesystem::resize_file(path(), 8 + kGood.size() + 10);
  expect_error(ErrorCode::corrupt, {"\"a\"", "the end"}, [&] { file.read("a"); });
}

class SafetensorsIndex : public SafetensorsFile {
 protected:
  Safetensors open_index(std::string_view index) const {
    write_file(folder_.path() / "model.safetensors.index.json", index);
    open(kGood, 22);
    std::filesystem::rename(path(), folder_.path() / "one.safetensors");
    return Safetensors::open_folder(folder_.path());
  }
};

TEST_F(SafetensorsIndex, FindsTensorsInTheirShard) {
  EXPECT_EQ(open_index(R"({"weight_map":{"a":"one.safetensors","b":"one.safetensors"}})").read("a"),
            (std::vector<float>(4)));
}

TEST_F(SafetensorsIndex, AnIndexThatNamesATensorThatIsNotThereIsCorrupt) {
  expect_error(ErrorCode::corrupt, {"one.safetensors", "\"z\"", "missing"},
               [&] { open_index(R"({"weight_map":{"z":"one.safetensors"}})"); });
}

TEST_F(SafetensorsIndex, AShardOutsideTheFolderIsRefused) {
  for (const char* name : {"../one.safetensors", "/etc/passwd", "", "..", "a/b"}) {
    expect_error(ErrorCode::corrupt, {"same folder"},
                 [&] { open_index(std::string(R"({"weight_map":{"a":")") + name + "\"}}"); });
  }
}

TEST_F(SafetensorsIndex, AMissingShardIsNotFound) {
  expect_error(ErrorCode::not_found, {"two.safetensors"},
               [&] { open_index(R"({"weight_map":{"a":"two.safetensors"}})"); });
}

TEST_F(SafetensorsIndex, AnIndexWithoutAMapOrWithAnEmptyOneIsCorrupt) {
  for (const char* text : {"[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{}})"}) {
    expect_error(ErrorCode::corrupt, {"index.json"}, [&] { open_index(text); });
  }
}

TEST_F(SafetensorsFile, WhatIsWrittenIsReadBack) {
  const std::vector<float> a = {1.5f, -2.0f, 0.1f, 65504.0f, 1e-7f, 0.0f}, b = {3.25f};
  const TensorView views[] = {{"x.weight", {2, 3}, a}, {"y", {1}, b}};
  write_safetensors(path(), views, DType::float32);
  EXPECT_EQ(Safetensors::open(path()).read("x.weight"), a);
  write_safetensors(path(), views, DType::float16);
  const Safetensors file = Safetensors::open(path());
  EXPECT_EQ(file.find("x.weight")->dtype, DType::float16);
  EXPECT_EQ(file.read("y"), b);
  const auto halves = file.read("x.weight");
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(halves[i], float16_to_float32(float32_to_float16(a[i])));
  }
  EXPECT_EQ(std::filesystem::file_size(path()) % 2, 0u);
}

TEST_F(SafetensorsFile, WhatFloat16CannotHoldIsRefusedAndTheOldFileKept) {
  open(kGood, 22);
  const std::vector<float> large = {1e5f};
  const TensorView view[] = {{"big", {1}, large}};
  expect_error(ErrorCode::invalid, {"big", "65504"},
               [&] { write_safetensors(path(), view, DType::float16); });
  expect_error(ErrorCode::unsupported, {"bfloat16"},
               [&] { write_safetensors(path(), view, DType::bfloat16); });
  EXPECT_NE(Safetensors::open(path()).find("a"), nullptr);
}

TEST_F(SafetensorsFile, ACheckpointOfTransformersRewrittenIsTheSame) {
  const Safetensors theirs = Safetensors::open_folder(testdata("tiny-llama"));
  std::vector<std::vector<float>> values;
  std::vector<TensorView> views;
  for (const auto& name : theirs.names()) {
    values.push_back(theirs.read(name));
    views.push_back({name, theirs.find(name)->shape, values.back()});
  }
  write_safetensors(path(), views, DType::float32);
  const Safetensors ours = Safetensors::open(path());
  EXPECT_EQ(ours.names(), theirs.names());
  for (const auto& name : theirs.names()) EXPECT_EQ(ours.read(name), theirs.read(name));
}

}  // namespace
}  // namespace iago
