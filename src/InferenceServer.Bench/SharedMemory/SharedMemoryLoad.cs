using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Servers;

namespace InferenceServer.Bench.SharedMemory;

/// <summary>
/// The shared memory of a load: an object with the inputs and one for the outputs, both registered at the server, and the requests that name them. The objects lose their names once the server has them
/// open, and before they take any memory, so that nothing stays on the machine however this process ends.
/// </summary>
internal sealed class SharedMemoryLoad : IDisposable
{
    // Each connection has requests of its own, as each names other places.
    private const long MostRequests = 200_000;

    // The rest is for the server, for this process, and for whatever else the machine does.
    private const int MostPart = 4;

    private readonly SharedWorkload _workload;
    private readonly SlotLayout _layout;
    private readonly SharedMemoryObject _inputs;
    private readonly SharedMemoryObject _outputs;
    private readonly Dictionary<string, bool> _isRegistered = new(StringComparer.Ordinal);

    private SharedMemoryLoad(SharedWorkload workload, int slots)
    {
        if (slots * (long)workload.Requests.Count > MostRequests)
        {
            throw new BenchException($"--shared-memory system: expected at most {MostRequests} requests in flight times different requests; got {slots} times {workload.Requests.Count}");
        }

        _workload = workload;
        _layout = new SlotLayout(workload);
        var bytes = slots * (double)(_layout.InputBytes + _layout.OutputBytes);
        var most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MostPart;
        if (bytes > most)
        {
            throw new BenchException(FormattableString.Invariant($"--shared-memory system: expected at most {most} bytes of tensors, a quarter of the memory; got {bytes:0} for {slots} requests in flight"));
        }

        _inputs = SharedMemoryObject.Make("inputs", slots * _layout.InputBytes);
        try
        {
            _outputs = SharedMemoryObject.Make("outputs", slots * _layout.OutputBytes);
        }
        catch
        {
            _inputs.Dispose();
            throw;
        }
    }

    /// <summary>What each of those that have a request in flight sends.</summary>
    public IReadOnlyList<SharedSlot> Slots { get; private set; } = [];

    /// <summary>Does something with shared memory, and leaves none behind.</summary>
    /// <param name="target">The server.</param>
    /// <param name="workload">What is asked.</param>
    /// <param name="slots">How many requests are in flight at most.</param>
    /// <param name="clock">The time.</param>
    /// <param name="work">What is to be done.</param>
    /// <param name="cancellation">Ends it before the work begins; what ends the work is its own affair.</param>
    /// <returns>What the work gave; and why the server still has a region, null when it has none.</returns>
    /// <exception cref="BenchException">There is not enough memory, or the server does not take it.</exception>
    public static async Task<(T Result, RequestFailure? Left)> WithAsync<T>(
        SharedTarget target, SharedWorkload workload, int slots, TimeProvider clock, Func<SharedMemoryLoad, Task<T>> work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var load = new SharedMemoryLoad(workload, slots);
        var regions = target.Regions(clock);
        try
        {
            // Filled when they have no names any more: what takes the memory is this.
            await load.RegisterAsync(regions, target);
            load.Fill(target, slots);
            cancellation.ThrowIfCancellationRequested();
            var result = await work(load);
            return (result, await load.UnregisterAsync(regions, target));
        }
        catch (Exception e)
        {
            if (await load.UnregisterAsync(regions, target) is { } left)
            {
                throw new BenchException($"{e.Message}; {left}", e);
            }

            throw;
        }
    }

    /// <summary>What is wrong with the outputs that are in shared memory by now, slot by slot; empty where answers are not compared. Nobody may be sending.</summary>
    public IReadOnlyList<RequestFailure> Compare()
    {
        var failures = new List<RequestFailure>();
        for (var slot = 0; slot < Slots.Count && _workload.ChecksAnswers; slot++)
        {
            if (Slots[slot].Answered is not { } request)
            {
                continue;
            }

            var places = _layout.Outputs(_outputs.Name, slot, request);
            for (var i = 0; i < places.Count; i++)
            {
                if (!_outputs.Has(_workload.Answers[request].Outputs[i].Data, places[i].Offset))
                {
                    failures.Add(new RequestFailure(RequestFailure.Differs, $"output '{places[i].Tensor}' in shared memory differs from that of the first answer"));
                }
            }
        }

        return failures;
    }

    public void Dispose()
    {
        _inputs.Dispose();
        _outputs.Dispose();
    }

    private async Task RegisterAsync(IRegionServer regions, SharedTarget target)
    {
        foreach (var memory in (SharedMemoryObject[])[_inputs, _outputs])
        {
            _isRegistered[memory.Name] = false;
            try
            {
                await regions.RegisterAsync(memory.Name, memory.Key, memory.Length);
            }
            catch (Exception e) when (RequestFailure.Of(e) is { } failure)
            {
                throw new BenchException($"--shared-memory system: {target.Server} does not register shared memory: {failure}", e);
            }

            _isRegistered[memory.Name] = true;
            memory.RemoveName();
        }
    }

    /// <returns>Why the server still has a region; null when it has none.</returns>
    private async Task<RequestFailure?> UnregisterAsync(IRegionServer regions, SharedTarget target)
    {
        RequestFailure? left = null;
        foreach (var (name, isRegistered) in _isRegistered)
        {
            try
            {
                await regions.UnregisterAsync(name);
            }
            catch (Exception e) when (RequestFailure.Of(e) is { } failure)
            {
                // A region that the server has refused, or not confirmed, is told of as that.
                left = isRegistered ? new RequestFailure("shared memory", $"region '{name}' may still be registered at {target.Server}: {failure}") : left;
            }
        }

        return left;
    }

    private void Fill(SharedTarget target, int slots)
    {
        var all = new List<SharedSlot>(slots);
        for (var slot = 0; slot < slots; slot++)
        {
            var sent = new List<byte[]>(_workload.Requests.Count);
            for (var i = 0; i < _workload.Requests.Count; i++)
            {
                var request = _workload.Requests[i];
                var inputs = _layout.Inputs(_inputs.Name, slot, i);
                for (var input = 0; input < inputs.Count; input++)
                {
                    _inputs.Write(request.Inputs[input].Data, inputs[input].Offset);
                }

                sent.Add(SharedRequestBuilder.For(target.Encoding, target.Server, request, _workload.Headers, inputs, _layout.Outputs(_outputs.Name, slot, i)));
            }

            all.Add(new SharedSlot(sent));
        }

        Slots = all;
    }
}
