using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.SharedMemory;

/// <summary>Has requests answered once from shared memory, before any load: a server that refuses it, or answers otherwise, says so at once.</summary>
/// <param name="settings">How connections are made.</param>
/// <param name="clock">The time.</param>
internal sealed class SharedMemoryPreparation(ConnectionSettings settings, TimeProvider clock)
{
    /// <summary>Makes the requests of a load.</summary>
    /// <param name="encoding">The way they travel.</param>
    /// <param name="server">Where the server listens for that.</param>
    /// <param name="workload">What is asked.</param>
    /// <param name="rows">Inferences a request.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BenchException">The server refuses shared memory, a request fails, or an answer is not that without shared memory.</exception>
    public async Task<RequestSet> PrepareAsync(WireEncoding encoding, ServerAddress server, SharedWorkload workload, double rows, CancellationToken cancellation)
    {
        var (recorded, left) = await SharedMemoryLoad.WithAsync(
            new SharedTarget(encoding, server, settings), workload, 1, clock, memory => RecordAsync(encoding, server, workload, memory, cancellation), cancellation);
        return left is null
            ? new RequestSet([], workload.ChecksAnswers ? recorded.Bodies : null, rows) { Shared = workload }
            : throw new BenchException(left.ToString());
    }

    private Task<RecordedAnswers> RecordAsync(WireEncoding encoding, ServerAddress server, SharedWorkload workload, SharedMemoryLoad memory, CancellationToken cancellation)
    {
        var slot = memory.Slots[0];

        // Where answers are not compared, one shows how the server takes it.
        IReadOnlyList<byte[]> sent = workload.ChecksAnswers ? slot.Sent : [slot.Sent[0]];
        return new AnswerRecorder(settings, clock).RecordAsync(encoding, server, sent, Check, cancellation);

        void Check(int request, byte[]? body)
        {
            if (body is not null && Problem(workload, request, encoding.IsHttp() ? AnswerFormReader.OverHttp(body) : AnswerFormReader.OverRpc(body)) is { } problem)
            {
                throw new RequestFailedException(problem);
            }

            slot.Succeeded(request);
            if (memory.Compare() is [var difference, ..])
            {
                throw new RequestFailedException(difference);
            }
        }
    }

    private static RequestFailure? Problem(SharedWorkload workload, int request, IReadOnlyList<AnswerForm> forms)
    {
        foreach (var expected in workload.Answers[request].Outputs)
        {
            var form = forms.FirstOrDefault(form => form.Name == expected.Name);
            if (form is null || form.HasElements)
            {
                return new RequestFailure("shared memory", $"expected output '{expected.Name}' without its elements, got {(form is null ? "none of that name" : "them in the answer")}");
            }

            if (workload.ChecksAnswers && (form.DataType != expected.DataType || !form.Shape.SequenceEqual(expected.Shape)))
            {
                return new RequestFailure(
                    RequestFailure.Differs,
                    $"output '{expected.Name}' is {form.DataType} [{string.Join(',', form.Shape)}] with shared memory, {expected.DataType} [{string.Join(',', expected.Shape)}] without");
            }
        }

        return null;
    }
}
