using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Sequences;

/// <summary>A client that adds up for itself what its sequence should have come to, and holds every answer against it.</summary>
internal sealed class SequenceClient(SequenceFixture model, int id)
{
    private int _total;

    /// <summary>True while the sequence is known to be going on.</summary>
    public bool IsAlive { get; private set; }

    public int Sent => Answered + Refused;

    public int Answered { get; private set; }

    public int Refused { get; private set; }

    /// <summary>Sends steps one after another without waiting for the answers in between; the flags are for the first and the last.</summary>
    public async Task SendAsync(int[] values, bool isStart, bool isEnd)
    {
        var outcomes = await Task.WhenAll(values.Select((value, i) => AskAsync(value, isStart && i == 0, isEnd && i == values.Length - 1, CancellationToken.None)).ToArray());
        for (var i = 0; i < values.Length; i++)
        {
            Count(outcomes[i].Total);
            var isFirst = isStart && i == 0;
            if (outcomes[i].Total is { } total)
            {
                Assert.True(isFirst || IsAlive, $"client {id}: step {i} was answered after one that ended its sequence");
                _total = values[i] + (isFirst ? 0 : _total);
                Assert.Equal(_total, total);
                IsAlive = true;
            }
            else if (isFirst || outcomes[i].Error is not ErrorCode.InvalidArgument)
            {
                // Without its first step, or with one that has not run, there is no sequence any more.
                IsAlive = false;
            }
        }

        IsAlive &= !isEnd;
    }

    /// <summary>Sends a step and goes away before its answer.</summary>
    public async Task GoAwayAsync(int value, bool isStart)
    {
        using var source = new CancellationTokenSource();
        var asking = AskAsync(value, isStart, isEnd: false, source.Token);
        await source.CancelAsync();
        var (total, _) = await asking;
        Count(total);

        // It may have been quicker; then the sequence goes on as it would have.
        Assert.True(total is null || total == value + (isStart ? 0 : _total));
        _total = total ?? 0;
        IsAlive = total is not null;
    }

    private void Count(int? total) => (Answered, Refused) = total is null ? (Answered, Refused + 1) : (Answered + 1, Refused);

    private async Task<(int? Total, ErrorCode? Error)> AskAsync(int value, bool isStart, bool isEnd, CancellationToken cancellation)
    {
        InferenceOutcome outcome = await model.Engine.InferAsync(model.Request(id, value, isStart, isEnd), cancellation);
        using var response = outcome.Response;
        return response is null ? (null, outcome.Error!.Code) : (TestTensor.Read<int>(response.Outputs[0])[0], null);
    }
}
