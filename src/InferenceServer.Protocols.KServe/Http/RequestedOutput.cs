using InferenceServer.Core.SharedMemory;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>An output that a request lists.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="IsBinary">Whether its bytes are wanted in place of JSON.</param>
/// <param name="Classes">How many of its best classes are wanted in place of its elements; 0 for the elements.</param>
/// <param name="Target">Where in shared memory it is to go; null when the response carries it.</param>
internal readonly record struct RequestedOutput(string Name, bool IsBinary, int Classes = 0, SharedMemoryRange? Target = null);
