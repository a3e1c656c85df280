using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using Xunit;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>Asks the engine itself, each question with a stream of its own.</summary>
internal sealed class DecoupledOverEngine(IInferenceEngine engine) : IDecoupledDoor
{
    /// <summary>The end of a stream tells it here, which is what <see cref="DecoupledAnswer.HasEnded"/> says.</summary>
    public bool TellsFinal => false;

    public Task<DecoupledAnswer[]> AskAsync(DecoupledItem[] items, int? leavesAfter, CancellationToken cancellationToken) =>
        Task.WhenAll(items.Select(item => AskAsync(item, leavesAfter, cancellationToken)));

    private async Task<DecoupledAnswer> AskAsync(DecoupledItem item, int? leavesAfter, CancellationToken cancellationToken)
    {
        var answer = new DecoupledAnswer();
        Assert.True((await engine.AcquireAsync(item.Model, "", cancellationToken)).TryGet(out var lease, out var refusal), refusal?.Message);
        var request = new InferenceRequest(lease!) { Id = item.Id };
        Add(request, "IN", TensorDataType.Int32, MemoryMarshal.AsBytes(item.Values.AsSpan()), item.Values.Length);
        if (item.Delays is { } delays)
        {
            Add(request, "DELAY", TensorDataType.UInt32, MemoryMarshal.AsBytes(delays.AsSpan()), delays.Length);
            Add(request, "WAIT", TensorDataType.UInt32, new byte[sizeof(uint)], 1);
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stream = engine.StartStream(request, leaving.Token);
        while (true)
        {
            if (answer.Count >= leavesAfter)
            {
                // Whether by its token or by reading no further: what is unread is dropped.
                answer.Leave();
                if (answer.Count % 2 == 0)
                {
                    await leaving.CancelAsync();
                }

                return answer;
            }

            if (await stream.ReadAsync(cancellationToken) is not { } outcome)
            {
                answer.End();
                return answer;
            }

            if (!outcome.IsSuccess)
            {
                answer.Fail(outcome.Error.Message);
                answer.End();
                continue;
            }

            using var response = outcome.Response;
            Assert.Equal(item.Id, response.Id);
            answer.Add(response.ModelName, item, response.Outputs.Length == 0 ? null : Piece(response), response.IsFinal);
        }
    }

    private void Add(InferenceRequest request, string name, TensorDataType type, ReadOnlySpan<byte> raw, int length)
    {
        var buffer = engine.Allocator.Rent(raw.Length);
        raw.CopyTo(buffer.Span);
        request.AddInput(new TensorView(name, type, new TensorShape(length), buffer));
    }

    private static DecoupledPiece Piece(InferenceResponse response)
    {
        int? value = null, place = null;
        foreach (var output in response.Outputs)
        {
            var number = MemoryMarshal.Read<int>(output.Span);
            _ = output.Name == "OUT" ? value = number : place = number;
        }

        return new DecoupledPiece(value!.Value, place);
    }
}
