// From a frame to the pixels of a chip: OpenCV's warpAffine (INTER_LINEAR, BORDER_REPLICATE) of a square with
// `times` × `times` pixels for each of the chip's, and the mean of these (INTER_AREA), each rounded to 8 bits as OpenCV
// rounds. Equal to opencv-contrib-python 4.11 to the last bit.
#ifndef GROUPMOOD_SAMPLING_H
#define GROUPMOOD_SAMPLING_H

#include "platform.h"

// BGR, 8 bits each, rows `pitch` bytes apart.
struct Picture {
    const unsigned char* bytes;
    int width, height, pitch;
};

// One square to cut: `map` (2 × 3, row by row) takes pixel centres of the square with `times` as many pixels on each
// side as the chip to those of the frame.
struct Cut {
    double map[6];
    int times, unused;
};

// OpenCV's warpAffine counts coordinates in 1/1024 pixel and samples at the nearest 1/32.
static constexpr int COORDINATE_BITS = 10, WEIGHT_BITS = 5, WEIGHTS = 1 << WEIGHT_BITS;

// Half a million pixels: far outside any frame, and two of them still fit into an int.
static constexpr double FARTHEST = 536870912.0;

// The coordinate in 1/1024 pixel, to the nearest, halves to even; not a number becomes far outside.
DEVICE int in_steps(double coordinate) {
    double steps = coordinate * (1 << COORDINATE_BITS);
    return (int)rint(fmin(fmax(steps, -FARTHEST), FARTHEST));
}

// The coordinate in 1/32 pixel of column x, of row y.
DEVICE int position(const double* row, int x, int y) {
    int half = 1 << (COORDINATE_BITS - WEIGHT_BITS - 1);
    return (in_steps(row[0] * x) + in_steps(row[1] * y + row[2]) + half) >> (COORDINATE_BITS - WEIGHT_BITS);
}

DEVICE const unsigned char* pixel_at(const Picture& frame, int x, int y) {
    int column = clamped(x, 0, frame.width - 1), row = clamped(y, 0, frame.height - 1);
    return frame.bytes + (long long)row * frame.pitch + 3 * column;
}

// Adds the square's pixel (x, y) to the sums of blue, green and red.
DEVICE void add_sample(const Picture& frame, const double* map, int x, int y, int* sums) {
    int across = position(map, x, y), down = position(map + 3, x, y);
    int left = across >> WEIGHT_BITS, top = down >> WEIGHT_BITS;
    int right_weight = across & (WEIGHTS - 1), bottom_weight = down & (WEIGHTS - 1);
    int left_weight = WEIGHTS - right_weight, top_weight = WEIGHTS - bottom_weight;
    const unsigned char* a = pixel_at(frame, left, top);
    const unsigned char* b = pixel_at(frame, left + 1, top);
    const unsigned char* c = pixel_at(frame, left, top + 1);
    const unsigned char* d = pixel_at(frame, left + 1, top + 1);
    for (int i = 0; i < 3; i++) {
        int upper = a[i] * left_weight + b[i] * right_weight, lower = c[i] * left_weight + d[i] * right_weight;
        sums[i] += (upper * top_weight + lower * bottom_weight + WEIGHTS * WEIGHTS / 2) >> (2 * WEIGHT_BITS);
    }
}

// The mean of times × times pixels as OpenCV's INTER_AREA rounds it: halves up for 4 pixels, halves to even for more.
DEVICE int mean_of(int sum, int times) {
    if (times == 1) return sum;
    if (times == 2) return (sum + 2) >> 2;
    return (int)rintf((float)sum * (1.0f / (float)(times * times)));
}

// Blue, green and red of the chip's pixel (x, y).
DEVICE void chip_pixel(const Picture& frame, const Cut& cut, int x, int y, int* colours) {
    int sums[3] = {0, 0, 0};
    for (int row = y * cut.times; row < (y + 1) * cut.times; row++)
        for (int column = x * cut.times; column < (x + 1) * cut.times; column++)
            add_sample(frame, cut.map, column, row, sums);
    for (int i = 0; i < 3; i++) colours[i] = mean_of(sums[i], cut.times);
}

// ITU-R BT.601 luma in OpenCV's 15 bit fixed point.
DEVICE int luma(const int* bgr) {
    return (3735 * bgr[0] + 19235 * bgr[1] + 9798 * bgr[2] + (1 << 14)) >> 15;
}

#endif
