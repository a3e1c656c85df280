namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>A place in the line for memory.</summary>
/// <param name="room">Who has it.</param>
/// <param name="bytes">How many bytes it wants beside those that it has.</param>
internal sealed class RoomWaiter(RequestRoom room, long bytes)
{
    private readonly TaskCompletionSource _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestRoom Room { get; } = room;

    public long Bytes { get; } = bytes;

    /// <summary>True when it has got its bytes.</summary>
    public bool IsAdmitted => _turn.Task.IsCompleted;

    /// <summary>Ends when it has got its bytes.</summary>
    public Task Turn => _turn.Task;

    public void Admit() => _turn.SetResult();
}
