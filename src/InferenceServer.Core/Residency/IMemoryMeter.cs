namespace InferenceServer.Core.Residency;

/// <summary>Tells what the process takes of the memory that engines allocate, so that a load can be measured by what it adds.</summary>
internal interface IMemoryMeter
{
    /// <summary>Bytes that are in use now.</summary>
    long Read();
}
