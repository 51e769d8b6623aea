// A driver of CUDA that computes on the host: enough of it to run the real bindings where there is no GPU.
//
// Work is put into a stream and done when the stream is waited for. The one kernel is `add` of the contract suite,
// and every address that is not its own memory is refused as a GPU would refuse it: by being lost from then on.

#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

typedef int Result;
typedef uint64_t Address;
typedef std::vector<std::function<Result()>> Works;
struct Stream { Works works; Works* recorded; };
struct Graph { Works works; };

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 101, INVALID_IMAGE = 200, INVALID_CONTEXT = 201,
       NOT_FOUND = 500, ILLEGAL_ADDRESS = 700, CAPTURE_UNSUPPORTED = 900 };
static const size_t TOTAL = size_t(1) << 30;
static std::mutex guard;
static std::map<Address, size_t> memory;
static size_t used = 0;
static bool lost = false;
static int primary, retained = 0;
static thread_local std::vector<void*> contexts;
static thread_local int recording = 0;

#define CURRENT if (contexts.empty()) return INVALID_CONTEXT; if (lost) return ILLEGAL_ADDRESS
#define API extern "C" Result

static Result put(Stream* stream, std::function<Result()> work) {
  (stream->recorded ? *stream->recorded : stream->works).push_back(work);
  return OK;
}

static bool on_device(Address address, size_t size) {
  std::lock_guard<std::mutex> hold(guard);
  auto next = memory.upper_bound(address);
  if (next == memory.begin()) return false;
  auto piece = std::prev(next);
  return address + size <= piece->first + piece->second;
}

static Result copy(Address device, void* to, const void* from, size_t size) {
  if (!on_device(device, size)) { lost = true; return ILLEGAL_ADDRESS; }
  memcpy(to, from, size);
  return OK;
}

API cuInit(unsigned) { return OK; }
API cuDriverGetVersion(int* version) { *version = 13000; return OK; }
API cuDeviceGetCount(int* count) { *count = 1; return OK; }
API cuDeviceGet(int* device, int index) { *device = index; return index == 0 ? OK : NO_DEVICE; }
API cuDeviceGetName(char* name, int size, int) { strncpy(name, "Stub GPU", size); return OK; }
API cuDeviceGetAttribute(int* value, int attribute, int) { *value = attribute == 75 ? 8 : 9; return OK; }
API cuDeviceComputeCapability(int* major, int* minor, int) { *major = 8; *minor = 9; return OK; }
API cuDeviceTotalMem_v2(size_t* size, int) { *size = TOTAL; return OK; }
API cuDevicePrimaryCtxRetain(void** context, int) { *context = &primary; retained++; return OK; }
API cuDevicePrimaryCtxRelease_v2(int) { return retained-- > 0 ? OK : INVALID_CONTEXT; }
API cuCtxPushCurrent_v2(void* context) { contexts.push_back(context); return OK; }
API cuCtxPopCurrent_v2(void** context) {
  CURRENT;
  *context = contexts.back();
  contexts.pop_back();
  return OK;
}

API cuMemGetInfo_v2(size_t* left, size_t* total) { CURRENT; *left = TOTAL - used; *total = TOTAL; return OK; }
API cuMemAlloc_v2(Address* address, size_t size) {
  CURRENT;
  if (recording) return CAPTURE_UNSUPPORTED;
  if (!size) return INVALID_VALUE;
  std::lock_guard<std::mutex> hold(guard);
  if (used + size > TOTAL) return OUT_OF_MEMORY;
  void* bytes = malloc(size);
  memset(bytes, 0xCD, size);
  *address = Address(bytes);
  memory[*address] = size;
  used += size;
  return OK;
}
API cuMemFree_v2(Address address) {
  CURRENT;
  std::lock_guard<std::mutex> hold(guard);
  if (!memory.count(address)) return INVALID_VALUE;
  used -= memory[address];
  memory.erase(address);
  free((void*)address);
  return OK;
}
API cuMemHostAlloc(void** bytes, size_t size, unsigned) {
  CURRENT;
  *bytes = malloc(size);
  return size ? OK : INVALID_VALUE;
}
API cuMemFreeHost(void* bytes) { CURRENT; free(bytes); return OK; }
API cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t size, Stream* stream) {
  CURRENT;
  return put(stream, [=] { return copy(to, (void*)to, from, size); });
}
API cuMemcpyDtoHAsync_v2(void* to, Address from, size_t size, Stream* stream) {
  CURRENT;
  return put(stream, [=] { return copy(from, to, (void*)from, size); });
}

API cuStreamCreate(Stream** stream, unsigned) { CURRENT; *stream = new Stream(); return OK; }
API cuStreamDestroy_v2(Stream* stream) { CURRENT; delete stream; return OK; }
API cuStreamSynchronize(Stream* stream) {
  CURRENT;
  if (stream->recorded) return CAPTURE_UNSUPPORTED;
  Works works;
  works.swap(stream->works);
  for (auto& work : works) if (Result result = work()) return result;
  return OK;
}
API cuStreamBeginCapture_v2(Stream* stream, int) { CURRENT; stream->recorded = new Works(); recording++; return OK; }
API cuStreamEndCapture(Stream* stream, Graph** graph) {
  CURRENT;
  *graph = new Graph{*stream->recorded};
  delete stream->recorded;
  stream->recorded = nullptr;
  recording--;
  return OK;
}
API cuGraphInstantiateWithFlags(Graph** made, Graph* graph, unsigned long long) { *made = new Graph(*graph); return OK; }
API cuGraphLaunch(Graph* graph, Stream* stream) {
  CURRENT;
  for (auto& work : graph->works) put(stream, work);
  return OK;
}
API cuGraphDestroy(Graph* graph) { delete graph; return OK; }
API cuGraphExecDestroy(Graph* graph) { CURRENT; delete graph; return OK; }

API cuModuleLoadData(void** module, const void* image) {
  CURRENT;
  *module = &primary;
  return memcmp(image, "\x7f" "ELF", 4) ? INVALID_IMAGE : OK;
}
API cuModuleLoadDataEx(void** module, const void* image, unsigned, void*, void** values) {
  values[1] = values[3] = nullptr;  // the lengths of the logs
  return cuModuleLoadData(module, image);
}
API cuModuleUnload(void*) { CURRENT; return OK; }
API cuModuleGetFunction(void** function, void*, const char* name) {
  CURRENT;
  *function = &primary;
  return strcmp(name, "add") ? NOT_FOUND : OK;
}
API cuFuncSetBlockShape(void*, int, int, int) { return OK; }
API cuLaunchKernel(void*, unsigned gx, unsigned, unsigned, unsigned bx, unsigned by, unsigned bz, unsigned,
                   Stream* stream, void** parameters, void** extra) {
  CURRENT;
  if (bx * by * bz > 1024) return INVALID_VALUE;
  Address data;
  float what;
  int count;
  if (parameters) {
    data = *(Address*)parameters[0], what = *(float*)parameters[1], count = *(int*)parameters[2];
  } else {  // pairs of a key and a value: 1 is the buffer with the parameters
    const char* packed = (const char*)extra[extra[0] == (void*)1 ? 1 : 3];
    memcpy(&data, packed, 8), memcpy(&what, packed + 8, 4), memcpy(&count, packed + 12, 4);
  }
  return put(stream, [=] {
    if (!on_device(data, 4 * size_t(count))) { lost = true; return Result(ILLEGAL_ADDRESS); }
    for (int i = 0; i < count && i < int(gx * bx); i++) ((float*)data)[i] += what;
    return Result(OK);
  });
}

API cuGetErrorString(Result result, const char** text) {
  static const std::map<Result, const char*> texts = {
      {INVALID_VALUE, "invalid argument"}, {OUT_OF_MEMORY, "out of memory"}, {NO_DEVICE, "invalid device ordinal"},
      {INVALID_IMAGE, "device kernel image is invalid"}, {INVALID_CONTEXT, "invalid device context"},
      {NOT_FOUND, "named symbol not found"}, {ILLEGAL_ADDRESS, "an illegal memory access was encountered"}};
  *text = texts.count(result) ? texts.at(result) : "some other error";
  return OK;
}

API cuGetErrorName(Result, const char** name) { *name = "CUDA_ERROR_OF_THE_STUB"; return OK; }

API cuGetProcAddress_v2(const char* name, void** found, int, uint64_t, int* status) {
  Dl_info self;
  dladdr((void*)cuGetProcAddress_v2, &self);
  static void* here = dlopen(self.dli_fname, RTLD_LAZY);
  std::string wanted = strcmp(name, "cuGraphInstantiate") ? name : "cuGraphInstantiateWithFlags";
  *found = dlsym(here, (wanted + "_v2").c_str());
  if (!*found) *found = dlsym(here, wanted.c_str());
  if (status) *status = *found ? 0 : 1;
  return *found ? OK : NOT_FOUND;
}

API cuGetExportTable(const void** table, const void*) { *table = nullptr; return NOT_FOUND; }
