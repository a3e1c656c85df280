/*
 * The functions of NVIDIA's driver that shared memory needs, over memory of the machine: what is allocated on a "device" is an object of POSIX
 * shared memory, so that another process can open it by its handle, as it could on a device. It is strict where the real one is, or leaves things
 * open: nothing works without a current context, a handle does not open in the process that made it, addresses do not fit 32 bits
 * and cannot be used by the processor, and of a copy to the device the last byte arrives when its stream has been waited for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int CUresult;
typedef int CUdevice;
typedef void *CUcontext;
typedef void *CUstream;
typedef unsigned long long CUdeviceptr;
typedef struct { char reserved[64]; } CUipcMemHandle;

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, INVALID_DEVICE = 101, INVALID_CONTEXT = 201, INVALID_HANDLE = 400 };
enum { DEVICES = 2, SLOTS = 256, DEPTH = 16 };

/* What is in the 64 bytes of a handle. The sum shows that all of them came through. */
struct handle { char magic[8]; int32_t owner; int32_t device; uint64_t size; char name[32]; uint64_t sum; };

struct slot { char *host; uint64_t size; uint64_t address; struct handle handle; int opened; int is_import; };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[SLOTS];
static int initialised;
static int retained[DEVICES];
static __thread CUcontext stack[DEPTH];
static __thread int depth;
static __thread char *late_place;
static __thread char late_byte;

static uint64_t sum_of(const struct handle *handle)
{
    uint64_t sum = 14695981039346656037ull;
    for (size_t i = 0; i < offsetof(struct handle, sum); i++)
        sum = (sum ^ ((const unsigned char *)handle)[i]) * 1099511628211ull;
    return sum;
}

static CUcontext context_of(int device) { return (CUcontext)(0xC0000000000ull + (unsigned)device); }

static int is_current(void)
{
    for (int device = 0; depth > 0 && device < DEVICES; device++)
        if (stack[depth - 1] == context_of(device) && retained[device] > 0)
            return 1;
    return 0;
}

static struct slot *find(CUdeviceptr address, uint64_t size)
{
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].host && address >= slots[i].address && address - slots[i].address <= slots[i].size && size <= slots[i].size - (address - slots[i].address))
            return &slots[i];
    return NULL;
}

static struct slot *add(char *host, const struct handle *handle, int is_import)
{
    for (int i = 0; i < SLOTS; i++)
        if (!slots[i].host)
        {
            slots[i] = (struct slot){ host, handle->size, 0x700000000000ull + (uint64_t)i * 0x100000000ull, *handle, 1, is_import };
            return &slots[i];
        }
    return NULL;
}

static char *map(const char *name, uint64_t size, int flags)
{
    int file = shm_open(name, flags, 0600);
    if (file < 0)
        return NULL;
    void *host = (flags & O_CREAT) && ftruncate(file, (off_t)size) ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return host == MAP_FAILED ? NULL : host;
}

static CUresult leave(CUresult result)
{
    pthread_mutex_unlock(&gate);
    return result;
}

CUresult cuInit(unsigned int flags)
{
    if (flags)
        return INVALID_VALUE;
    initialised = 1;
    return SUCCESS;
}

CUresult cuDeviceGetCount(int *count)
{
    if (!initialised)
        return NOT_INITIALIZED;
    *count = DEVICES;
    return SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    if (!initialised)
        return NOT_INITIALIZED;
    if (ordinal < 0 || ordinal >= DEVICES)
        return INVALID_DEVICE;
    *device = ordinal;
    return SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device)
{
    if (device < 0 || device >= DEVICES)
        return INVALID_DEVICE;
    pthread_mutex_lock(&gate);
    retained[device]++;
    *context = context_of(device);
    return leave(SUCCESS);
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device)
{
    if (device < 0 || device >= DEVICES)
        return INVALID_DEVICE;
    pthread_mutex_lock(&gate);
    return leave(retained[device] > 0 && retained[device]-- ? SUCCESS : INVALID_CONTEXT);
}

CUresult cuCtxPushCurrent_v2(CUcontext context)
{
    if (depth == DEPTH || (context != context_of(0) && context != context_of(1)))
        return INVALID_CONTEXT;
    stack[depth++] = context;
    return SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context)
{
    if (depth == 0)
        return INVALID_CONTEXT;
    *context = stack[--depth];
    return SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size)
{
    static int made;
    struct handle handle = { "shared", getpid(), 0, size, "", 0 };
    pthread_mutex_lock(&gate);
    if (!is_current())
        return leave(INVALID_CONTEXT);
    handle.device = stack[depth - 1] == context_of(1);
    snprintf(handle.name, sizeof handle.name, "/cuda-test-%d-%d", (int)getpid(), made++);
    handle.sum = sum_of(&handle);
    char *host = map(handle.name, size, O_RDWR | O_CREAT | O_EXCL);
    struct slot *slot = host ? add(host, &handle, 0) : NULL;
    if (!slot)
        return leave(OUT_OF_MEMORY);
    *address = slot->address;
    return leave(SUCCESS);
}

CUresult cuMemFree_v2(CUdeviceptr address)
{
    pthread_mutex_lock(&gate);
    struct slot *slot = find(address, 0);
    if (!is_current() || !slot || slot->address != address || slot->is_import)
        return leave(INVALID_VALUE);
    munmap(slot->host, slot->size);
    shm_unlink(slot->handle.name);
    slot->host = NULL;
    return leave(SUCCESS);
}

CUresult cuIpcGetMemHandle(CUipcMemHandle *handle, CUdeviceptr address)
{
    pthread_mutex_lock(&gate);
    struct slot *slot = find(address, 0);
    if (!is_current() || !slot || slot->is_import)
        return leave(INVALID_VALUE);
    memcpy(handle, &slot->handle, sizeof *handle);
    return leave(SUCCESS);
}

CUresult cuIpcOpenMemHandle_v2(CUdeviceptr *address, CUipcMemHandle raw, unsigned int flags)
{
    struct handle handle;
    _Static_assert(sizeof handle == sizeof raw, "the handle has 64 bytes");
    memcpy(&handle, &raw, sizeof handle);
    if (flags != 1)
        return INVALID_VALUE;
    if (strcmp(handle.magic, "shared") || handle.sum != sum_of(&handle))
        return INVALID_HANDLE;
    pthread_mutex_lock(&gate);
    if (!is_current() || handle.owner == getpid())
        return leave(INVALID_CONTEXT);
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].host && slots[i].is_import && !strcmp(slots[i].handle.name, handle.name))
        {
            slots[i].opened++;
            *address = slots[i].address;
            return leave(SUCCESS);
        }
    char *host = map(handle.name, handle.size, O_RDWR);
    struct slot *slot = host ? add(host, &handle, 1) : NULL;
    if (!slot)
        return leave(INVALID_HANDLE);
    *address = slot->address;
    return leave(SUCCESS);
}

CUresult cuIpcCloseMemHandle(CUdeviceptr address)
{
    pthread_mutex_lock(&gate);
    struct slot *slot = find(address, 0);
    if (!is_current() || !slot || !slot->is_import || slot->address != address)
        return leave(INVALID_VALUE);
    if (--slot->opened == 0)
    {
        munmap(slot->host, slot->size);
        slot->host = NULL;
    }
    return leave(SUCCESS);
}

#ifndef WITHOUT_ADDRESS_RANGE
CUresult cuMemGetAddressRange_v2(CUdeviceptr *start, size_t *size, CUdeviceptr address)
{
    pthread_mutex_lock(&gate);
    struct slot *slot = find(address, 0);
    if (!is_current() || !slot)
        return leave(INVALID_VALUE);
    *start = slot->address;
    *size = slot->size;
    return leave(SUCCESS);
}
#endif

CUresult cuStreamSynchronize(CUstream stream)
{
    if (stream)
        return INVALID_HANDLE;
    if (!is_current())
        return INVALID_CONTEXT;
    if (late_place)
        *late_place = late_byte;
    late_place = NULL;
    return SUCCESS;
}

CUresult cuMemcpyDtoH_v2(void *destination, CUdeviceptr source, size_t size)
{
    pthread_mutex_lock(&gate);
    struct slot *slot = find(source, size);
    if (!is_current() || !slot)
        return leave(INVALID_VALUE);
    memcpy(destination, slot->host + (source - slot->address), size);
    return leave(SUCCESS);
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr destination, const void *source, size_t size)
{
    pthread_mutex_lock(&gate);
    struct slot *slot = find(destination, size);
    if (!is_current() || !slot || size == 0)
        return leave(INVALID_VALUE);
    char *place = slot->host + (destination - slot->address);
    memcpy(place, source, size - 1);
    late_place = place + size - 1;
    late_byte = ((const char *)source)[size - 1];
    return leave(SUCCESS);
}

CUresult cuGetErrorName(CUresult error, const char **name)
{
    static const struct { CUresult error; const char *name; } names[] = {
        { SUCCESS, "CUDA_SUCCESS" }, { INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE" }, { OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY" },
        { NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED" }, { INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE" },
        { INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT" }, { INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
        {
            *name = names[i].name;
            return SUCCESS;
        }
    *name = NULL;
    return INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char **text)
{
    const char *name;
    if (cuGetErrorName(error, &name))
        return *text = NULL, INVALID_VALUE;
    *text = "words for it";
    return SUCCESS;
}

/* What no driver has: a handle as it would have come from another process, and what the process holds. */
void test_disown(CUipcMemHandle *raw)
{
    struct handle handle;
    memcpy(&handle, raw, sizeof handle);
    handle.owner = 0;
    handle.sum = sum_of(&handle);
    memcpy(raw, &handle, sizeof handle);
}

int test_opened(void)
{
    int count = 0;
    pthread_mutex_lock(&gate);
    for (int i = 0; i < SLOTS; i++)
        count += slots[i].host && slots[i].is_import ? slots[i].opened : 0;
    return leave(count);
}

int test_retained(void)
{
    pthread_mutex_lock(&gate);
    return leave(retained[0] + retained[1]);
}

int test_depth(void) { return depth; }
