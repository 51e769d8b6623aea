"""The little of CUDA that the engines need: one device, its memory, streams, kernels and graphs."""
