// The kernels: which thread computes what. The arithmetic is in the headers. No thread waits for another, so a host
// may run them one after the other, in any order.
#include "boxes.h"
#include "resizing.h"
#include "sampling.h"

static __device__ int thread_index() {
    return (int)(blockIdx.x * blockDim.x + threadIdx.x);
}

enum Colour { GRAY, BGR, RGB };

// Every square's pixels, normalised: out (most, channels, side, side), or with `channels_last` (most, side, side,
// channels). From the count on, 0; no count stands for all. One thread for each pixel of each chip.
extern "C" __global__ void crop_faces(const unsigned char* frame, int width, int height, int pitch, const Cut* cuts,
                                      const int* count, int side, int colour, int channels_last, float mean_0,
                                      float mean_1, float mean_2, float std_0, float std_1, float std_2, float* out) {
    int x = thread_index(), y = (int)(blockIdx.y * blockDim.y + threadIdx.y), face = (int)blockIdx.z;
    if (x >= side || y >= side) return;
    const float mean[3] = {mean_0, mean_1, mean_2}, std[3] = {std_0, std_1, std_2};
    bool wanted = !count || face < *count;
    int pixel[3] = {0, 0, 0}, channels = colour == GRAY ? 1 : 3;
    if (wanted) chip_pixel({frame, width, height, pitch}, cuts[face], x, y, pixel);
    for (int i = 0; i < channels; i++) {
        int value = colour == GRAY ? luma(pixel) : pixel[colour == RGB ? 2 - i : i];
        long long row = channels_last ? (long long)face * side + y : ((long long)face * channels + i) * side + y;
        long long place = channels_last ? (row * side + x) * channels + i : row * side + x;
        out[place] = wanted ? ((float)value - mean[i]) / std[i] : 0.0f;
    }
}

// The frame resized to inner_width × inner_height in the top left corner of out (3, out_height, out_width), 0…255,
// black elsewhere. One thread for each of its pixels.
extern "C" __global__ void frame_to_input(const unsigned char* frame, int width, int height, int pitch, int inner_width,
                                          int inner_height, int out_width, int out_height, int rgb, float* out) {
    int x = thread_index(), y = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= out_width || y >= out_height) return;
    Picture picture = {frame, width, height, pitch};
    int pixel[3] = {0, 0, 0};
    if (x < inner_width && y < inner_height) resized_pixel(picture, inner_width, inner_height, x, y, pixel);
    for (int i = 0; i < 3; i++)
        out[((long long)i * out_height + y) * out_width + x] = (float)pixel[rgb ? 2 - i : i];
}

// One thread.
extern "C" __global__ void start_search(int* hit_count) {
    if (thread_index() == 0) *hit_count = 0;
}

// Notes the cells whose heat is above min_score, in any order. One thread for each cell.
extern "C" __global__ void find_hits(const float* heat, int cells, float min_score, int* hits, int* hit_count) {
    int cell = thread_index();
    if (cell < cells && heat[cell] > min_score) hits[atomicAdd(hit_count, 1)] = cell;
}

// The MOST_CANDIDATES best hits as faces, best first, in pixels of the network's input. One thread for each cell.
extern "C" __global__ void centerface_decode(const float* heat, const float* scale, const float* offset,
                                             const float* landmarks, int rows, int columns, const int* hits,
                                             const int* hit_count, Face* candidates) {
    int index = thread_index(), count = *hit_count;
    if (index >= count) return;
    int rank = rank_of(heat, hits, count, hits[index]);
    if (rank < MOST_CANDIDATES) candidates[rank] = decoded({heat, scale, offset, landmarks, rows, columns}, hits[index]);
}

// overlaps (MOST_CANDIDATES, WORDS): whom each candidate suppresses. Threads: WORDS × MOST_CANDIDATES.
extern "C" __global__ void find_overlaps(const Face* candidates, const int* hit_count, unsigned* overlaps) {
    int word = thread_index(), index = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    int count = clamped(*hit_count, 0, MOST_CANDIDATES);
    if (word < WORDS && index < count) overlaps[index * WORDS + word] = fallen(candidates, count, index, word);
}

// One thread, because each decision needs those before it.
extern "C" __global__ void keep_best(const unsigned* overlaps, const int* hit_count, int* kept, int* face_count) {
    if (thread_index() == 0) *face_count = keep(overlaps, clamped(*hit_count, 0, MOST_CANDIDATES), kept);
}

// The faces that stay, best first, in pixels of the frame. One thread for each candidate.
extern "C" __global__ void place_faces(const Face* candidates, const int* kept, const int* face_count, float x_scale,
                                       float y_scale, Face* faces) {
    int index = thread_index();
    if (index < *face_count) faces[index] = in_frame(candidates[kept[index]], x_scale, y_scale);
}

// The squares of the first `most` faces. One thread for each.
extern "C" __global__ void affines_from_boxes(const Face* faces, const int* face_count, int most, double fit_scale,
                                              double fit_shift, double crop_scale, double margin, int side,
                                              int most_times, Cut* cuts) {
    int index = thread_index();
    if (index < most && index < *face_count)
        cuts[index] = cut_of(faces[index].box, {fit_scale, fit_shift, crop_scale, margin, side, most_times});
}
