using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Runs;

/// <summary>Makes workloads whose tensors are in shared memory of those that have none yet.</summary>
internal sealed class SharedWorkloadBuilder(BenchPlan plan, SharedMemoryPlan shared, TimeProvider clock)
{
    private readonly List<RecordedAnswers> _known = [];

    /// <summary>Has each request answered without shared memory, which tells the sizes of the outputs and what is in them, and then with it.</summary>
    /// <exception cref="BenchException">A server refuses shared memory, a request fails, or answers differ that are to be equal.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<Workload>>> ShareAsync(IReadOnlyList<IReadOnlyList<Workload>> servers, IReadOnlyList<InferRequest> requests, CancellationToken cancellation)
    {
        var all = new List<IReadOnlyList<Workload>>();
        foreach (var workloads in servers)
        {
            var ofServer = new List<Workload>();
            foreach (var workload in workloads)
            {
                var answers = await RecordAsync(workload, requests, cancellation);
                var what = new SharedWorkload(requests, answers, plan.Settings.Headers, shared, plan.ChecksAnswers);
                ofServer.Add(workload with
                {
                    Requests = await new SharedMemoryPreparation(plan.Settings, clock).PrepareAsync(workload.Encoding, workload.Server, what, workload.Requests.Rows, cancellation),
                });
            }

            all.Add(ofServer);
        }

        return all;
    }

    private async Task<IReadOnlyList<Answer>> RecordAsync(Workload workload, IReadOnlyList<InferRequest> requests, CancellationToken cancellation)
    {
        // Not every tensor has a form in JSON, and what comes on a stream is not put together.
        var encoding = workload.Encoding.IsHttp() ? WireEncoding.Binary : WireEncoding.Grpc;
        var plain = requests.Select(request => InferRequestBuilder.For(encoding, workload.Server, request, plan.Settings.Headers)).ToList();
        var recorded = await new AnswerRecorder(plan.Settings, clock).RecordAsync(encoding, workload.Server, plain, cancellation);
        if (plan.ChecksAnswers)
        {
            _known.ForEach(earlier => RecordedAnswers.CheckEqual(earlier, recorded));
            _known.Add(recorded);
        }

        return recorded.Answers ?? throw new InvalidOperationException($"{encoding} has answers");
    }
}
