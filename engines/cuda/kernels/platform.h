// What the same source needs on a device (NVRTC) and on a host (any C++17 compiler).
//
// Both must round alike: compile without contraction of a * b + c (NVRTC --fmad=false, g++ -ffp-contract=off).
#ifndef GROUPMOOD_PLATFORM_H
#define GROUPMOOD_PLATFORM_H

#ifdef __CUDACC_RTC__
#define DEVICE static __device__ __forceinline__
#else
#include <math.h>
#define DEVICE static inline
#endif

DEVICE int clamped(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

#endif
