// The trained numbers of a LoRA adapter, and the net that is kept merged with them.
//
// The forward and backward pass run on the merged net, so they are those of any training, and the
// sampler's weights are at hand. The chain rule then takes the gradient G of a merged matrix
// W + s B A to the two factors: dB = s G A^T, dA = s B^T G. This is the gradient that a low-rank
// branch beside every product has, but for rounding. What it saves is the optimiser's memory, not
// the gradient's.
#pragma once

#include <ATen/ATen.h>

#include "lm/lora.h"
#include "nn/llama_net.h"

namespace iago {

class LoraWeights {
 public:
  // The net is the base; it is merged with the adapter at once. Error invalid for an adapter of
  // another shape.
  LoraWeights(LlamaNet& net, LoraAdapter adapter);

  // [elements]: A and B of each pair in turn, on the net's device.
  const at::Tensor& flat() const { return flat_; }
  const at::Tensor& gradient() const { return gradient_; }

  // Turns the gradient of the net's flat buffer into that of flat().
  void take_gradient(const at::Tensor& of_net);
  // The net becomes base + scale * B A.
  void merge();
  LoraAdapter adapter() const;

 private:
  struct Place {
    std::int64_t outputs, inputs;
    std::int64_t in_net;  // of the matrix, in the net's flat buffer
    std::int64_t a, b;    // in flat_
  };
  // A part of a flat buffer as a matrix.
  static at::Tensor matrix(const at::Tensor& flat, std::int64_t offset, std::int64_t rows,
                           std::int64_t columns);
  void take_on_cpu(const Place& place, const at::Tensor& of_net);

  LlamaNet& net_;
  LoraAdapter shape_;  // options and pairs as given; its numbers are those of the beginning
  std::vector<Place> places_;
  at::Tensor base_, flat_, gradient_;
};

}  // namespace iago
