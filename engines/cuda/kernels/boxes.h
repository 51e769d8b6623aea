// From CenterFace's maps to faces: decoding, ranking, suppression, and the square that a classifier sees.
#ifndef GROUPMOOD_BOXES_H
#define GROUPMOOD_BOXES_H

#include "sampling.h"

// x1, y1, x2, y2; five points x, y: right eye, left eye, nose, right and left mouth corner of the subject.
struct Face {
    float box[4];
    float score;
    float points[10];
    float unused;
};

// The four output maps, each channels × rows × columns.
struct Maps {
    const float *heat, *scale, *offset, *landmarks;
    int rows, columns;
};

static constexpr int STRIDE = 4;             // input pixels per cell
static constexpr int MOST_CANDIDATES = 1024; // the best of them; engines/cuda/boxes.py has the same number
static constexpr int WORD = 32;
static constexpr int WORDS = MOST_CANDIDATES / WORD;
static constexpr float IOU_LIMIT = 0.3f, CONTAINMENT_LIMIT = 0.8f;
static constexpr double LEAST_SIDE = 1.0; // of a square in frame pixels

// How many hits come before this one: higher ones, and equal ones in cells before it. So the order in which the hits
// were noted does not count.
DEVICE int rank_of(const float* heat, const int* hits, int count, int hit) {
    int rank = 0;
    for (int i = 0; i < count; i++) {
        int cell = hits[i];
        rank += heat[cell] > heat[hit] || (heat[cell] == heat[hit] && cell < hit);
    }
    return rank;
}

// The face whose centre is in a cell, in pixels of the network's input; see streamer/detectors/centerface.py.
DEVICE Face decoded(const Maps& maps, int cell) {
    int plane = maps.rows * maps.columns;
    double corner[2];
    float size[2];
    Face face;
    for (int axis = 0; axis < 2; axis++) {
        int channel = 1 - axis, place = axis ? cell / maps.columns : cell % maps.columns;
        size[axis] = (float)exp((double)maps.scale[channel * plane + cell]) * STRIDE;
        double center = ((double)place + (double)maps.offset[channel * plane + cell] + 0.5) * STRIDE;
        corner[axis] = center - (double)(size[axis] / 2);
        face.box[axis] = (float)corner[axis];
        face.box[axis + 2] = (float)(corner[axis] + (double)size[axis]);
    }
    for (int i = 0; i < 10; i++) {
        int axis = i % 2;
        float share = maps.landmarks[(2 * (i / 2) + 1 - axis) * plane + cell];
        face.points[i] = (float)(corner[axis] + (double)(share * size[axis]));
    }
    face.score = maps.heat[cell];
    face.unused = 0;
    return face;
}

DEVICE float area_of(const float* box) {
    return fmaxf(box[2] - box[0], 0) * fmaxf(box[3] - box[1], 0);
}

// Whether a box falls to a better one; see streamer/detectors/nms.py.
DEVICE bool falls(const float* better, const float* box) {
    float width = fmaxf(fminf(better[2], box[2]) - fmaxf(better[0], box[0]), 0);
    float height = fmaxf(fminf(better[3], box[3]) - fmaxf(better[1], box[1]), 0);
    float shared = width * height, area = area_of(box);
    return shared > IOU_LIMIT * (area_of(better) + area - shared) || shared > CONTAINMENT_LIMIT * area;
}

// Bit i: the candidate 32 × word + i is worse than this one and falls to it.
DEVICE unsigned fallen(const Face* candidates, int count, int index, int word) {
    unsigned bits = 0;
    for (int i = 0; i < WORD; i++) {
        int other = WORD * word + i;
        if (other > index && other < count && falls(candidates[index].box, candidates[other].box)) bits |= 1u << i;
    }
    return bits;
}

// The indices of those that fall to no better one that stays, best first; returns how many.
DEVICE int keep(const unsigned* overlaps, int count, int* kept) {
    unsigned gone[WORDS] = {};
    int stay = 0;
    for (int index = 0; index < count; index++) {
        if (gone[index / WORD] >> (index % WORD) & 1) continue;
        kept[stay++] = index;
        for (int word = index / WORD; word < WORDS; word++) gone[word] |= overlaps[index * WORDS + word];
    }
    return stay;
}

DEVICE Face in_frame(Face face, float x_scale, float y_scale) {
    for (int i = 0; i < 4; i++) face.box[i] /= i % 2 ? y_scale : x_scale;
    for (int i = 0; i < 10; i++) face.points[i] /= i % 2 ? y_scale : x_scale;
    return face;
}

// The square around a face; see streamer/chips.py. `fit_scale` and `fit_shift` are the detector's, the others what the
// classifier wants to see.
struct Square {
    double fit_scale, fit_shift, crop_scale, margin;
    int side, most_times;
};

DEVICE Cut cut_of(const float* box, const Square& square) {
    double x1 = box[0], y1 = box[1], x2 = box[2], y2 = box[3];
    double width = fmax(0.0, x2 - x1), height = fmax(0.0, y2 - y1);
    double x = (x1 + x2) / 2, y = (y1 + y2) / 2 + square.fit_shift * height;
    double wanted = square.crop_scale * (square.fit_scale * fmax(width, height)) + 2 * square.margin;
    double side = fmax(wanted, LEAST_SIDE), step = side / square.side;
    double first = 0.5 * step - 0.5 - side / 2;
    int times = (int)fmin(ceil(step), (double)square.most_times);
    times = times < 1 ? 1 : times;
    double fine = step / times, back = fine * (times - 1) / 2;
    return {{fine, 0.0, x + first - back, 0.0, fine, y + first - back}, times, 0};
}

#endif
