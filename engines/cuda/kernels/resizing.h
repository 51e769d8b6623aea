// From a frame to a detector's input: OpenCV's resize (INTER_LINEAR, 8 bits) to the last bit of 4.11. Its two special
// cases, columns beyond the edge and halving by INTER_AREA, come out the same without being treated apart: both weights
// are of one pixel there and sum to 2048, or all four are equal.
#ifndef GROUPMOOD_RESIZING_H
#define GROUPMOOD_RESIZING_H

#include "sampling.h"

// Where a row or column of the smaller picture lies in the larger one: between `first` and the next, in weights of 2048.
struct Between {
    int first, weight, next_weight;
};

static constexpr int WHOLE = 2048;

DEVICE Between between(int index, int from, int to) {
    double scale = 1.0 / ((double)to / (double)from);
    float place = (float)((index + 0.5) * scale - 0.5);
    int first = (int)floorf(place);
    float share = place - (float)first;
    return {first, (int)rintf((1.0f - share) * WHOLE), (int)rintf(share * WHOLE)};
}

// Blue, green and red of the pixel (x, y) of the frame resized to width × height.
DEVICE void resized_pixel(const Picture& frame, int width, int height, int x, int y, int* colours) {
    Between column = between(x, frame.width, width), row = between(y, frame.height, height);
    const unsigned char* a = pixel_at(frame, column.first, row.first);
    const unsigned char* b = pixel_at(frame, column.first + 1, row.first);
    const unsigned char* c = pixel_at(frame, column.first, row.first + 1);
    const unsigned char* d = pixel_at(frame, column.first + 1, row.first + 1);
    for (int i = 0; i < 3; i++) {
        int upper = a[i] * column.weight + b[i] * column.next_weight;
        int lower = c[i] * column.weight + d[i] * column.next_weight;
        int sum = ((row.weight * (upper >> 4)) >> 16) + ((row.next_weight * (lower >> 4)) >> 16);
        colours[i] = (sum + 2) >> 2;
    }
}

#endif
