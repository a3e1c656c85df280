using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.SharedMemory;

/// <summary>
/// Where tensors lie in the two objects of a load. Each request in flight has a part of both of its own, a slot: in the one the inputs of all requests that are sent in turn, in the other the outputs of
/// the one that is in flight.
/// </summary>
internal sealed class SlotLayout
{
    // The memory that processors move at a time, and that the system gives: no two slots share either.
    private const long Line = 64;
    private const long Page = 4096;

    private readonly SharedWorkload _workload;
    private readonly long[] _inputsAt;

    public SlotLayout(SharedWorkload workload)
    {
        _workload = workload;
        _inputsAt = new long[workload.Requests.Count];
        var end = 0L;
        for (var i = 0; i < _inputsAt.Length; i++)
        {
            _inputsAt[i] = end;
            end += workload.Requests[i].Inputs.Sum(static input => Room(input.Data.Length));
        }

        InputBytes = Up(end, Page);
        OutputBytes = Up(workload.Answers.Max(answer => answer.Outputs.Sum(output => Room(SizeOf(output)))), Page);
    }

    /// <summary>The inputs of a slot, in bytes.</summary>
    public long InputBytes { get; }

    /// <summary>The outputs of a slot, in bytes.</summary>
    public long OutputBytes { get; }

    public IReadOnlyList<SharedPlace> Inputs(string region, int slot, int request)
    {
        var offset = (slot * InputBytes) + _inputsAt[request];
        return Places(region, offset, _workload.Requests[request].Inputs, static input => input.Data.Length);
    }

    public IReadOnlyList<SharedPlace> Outputs(string region, int slot, int request) => Places(region, slot * OutputBytes, _workload.Answers[request].Outputs, SizeOf);

    private static List<SharedPlace> Places(string region, long offset, IReadOnlyList<Tensor> tensors, Func<Tensor, long> size)
    {
        var places = new List<SharedPlace>(tensors.Count);
        foreach (var tensor in tensors)
        {
            places.Add(new SharedPlace(tensor.Name, region, offset, size(tensor)));
            offset += Room(size(tensor));
        }

        return places;
    }

    /// <summary>An empty tensor has a place too: an offset at the end of a region is none.</summary>
    private static long Room(long size) => Math.Max(Line, Up(size, Line));

    private static long Up(long size, long to) => (size + to - 1) / to * to;

    private long SizeOf(Tensor output) => _workload.Plan.OutputBytes ?? output.Data.Length;
}
