namespace InferenceServer.Bench.Rpc;

/// <summary>What came back for one request.</summary>
/// <param name="FirstAt">When the first response was there, as a timestamp of the clock.</param>
/// <param name="EndedAt">When the last one was.</param>
/// <param name="Responses">How many there were; 1 but for models that answer several times, or not at all.</param>
/// <param name="Bytes">The bytes of their messages.</param>
/// <param name="Digest">What tells the outputs of one reply on a stream from those of another, within this process.</param>
internal readonly record struct Reply(long FirstAt, long EndedAt, int Responses, long Bytes, int Digest = 0);
