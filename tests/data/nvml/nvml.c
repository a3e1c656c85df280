/* A library of the names and functions of NVML that tells of two devices which are none: what a test wants to find in the metrics. */
#include <string.h>

typedef struct { unsigned int gpu, memory; } utilization;
typedef struct { unsigned long long total, free, used; } memory;

static unsigned long long energy = 5000;

int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return 0; }

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device)
{
    *device = (void *)(unsigned long)(index + 1);
    return 0;
}

int nvmlDeviceGetUUID(void *device, char *text, unsigned int length)
{
    strncpy(text, device == (void *)1 ? "GPU-one" : "GPU-two", length);
    return 0;
}

int nvmlDeviceGetUtilizationRates(void *device, utilization *rates)
{
    rates->gpu = 25;
    rates->memory = 50;
    return 0;
}

int nvmlDeviceGetMemoryInfo(void *device, memory *info)
{
    info->total = 1ULL << 40;
    info->free = 1ULL << 39;
    info->used = (1ULL << 40) - (1ULL << 39);
    return 0;
}

/* The second device does not tell (NVML_ERROR_NOT_SUPPORTED). */
int nvmlDeviceGetPowerUsage(void *device, unsigned int *milliwatts) { *milliwatts = 70500; return device == (void *)1 ? 0 : 3; }
int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned int *milliwatts) { *milliwatts = 300000; return device == (void *)1 ? 0 : 3; }

#ifndef WITHOUT_ENERGY
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules) { *millijoules = energy += 1500; return device == (void *)1 ? 0 : 3; }
#endif
