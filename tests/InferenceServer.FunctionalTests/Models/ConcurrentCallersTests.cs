using CsCheck;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>
/// 32 callers at once over all encodings, with mixed row counts, requested outputs and callers who give up: each gets its own rows.
/// </summary>
[Collection(SampleServerCollection.Name)]
public sealed class ConcurrentCallersTests(SampleServer sample)
{
    private static readonly string[] s_encodings = [Encodings.Json, Encodings.Binary, Encodings.Rpc];

    private static readonly Gen<(int Rows, int Outputs, int Encoding, bool GivesUp)[]> s_callers =
        Gen.Select(Gen.Int[1, 4], Gen.Int[0, 3], Gen.Int[0, 2], Gen.Frequency((5, Gen.Const(false)), (1, Gen.Const(true)))).Array[32];

    [Fact]
    public async Task AddSub_UnderConcurrency_AnswersEveryCallerItsOwnRows() =>
        await s_callers.SampleAsync(callers => Task.WhenAll(callers.Select((caller, index) => AskAddSubAsync(caller, index))), iter: 20, threads: 1);

    [Fact]
    public async Task Digits_UnderConcurrency_EqualTheirSingles()
    {
        var (images, probabilities, _) = SampleData.Digits();
        await s_callers.SampleAsync(
            callers => Task.WhenAll(callers.Select(async (caller, index) =>
            {
                var chosen = Enumerable.Range(0, caller.Rows).Select(row => (index + row) % 8).ToArray();
                var question = new Question("digits", QuestionInput.Floats("image", [caller.Rows, 1, 8, 8], [.. chosen.SelectMany(i => images[i])]));
                var answer = (await sample.Server.Over(s_encodings[caller.Encoding]).AskAsync(question, TestContext.Current.CancellationToken)).MustSucceed();
                var expected = chosen.SelectMany(i => probabilities[i]).ToArray();
                Assert.Equal(expected.Length, answer["probs"].Numbers.Length);
                for (var i = 0; i < expected.Length; i++)
                {
                    Assert.Equal(expected[i], answer["probs"].Numbers[i], 1e-5);
                }
            })),
            iter: 5,
            threads: 1);
    }

    private async Task AskAddSubAsync((int Rows, int Outputs, int Encoding, bool GivesUp) caller, int index)
    {
        var left = Enumerable.Range(0, caller.Rows * 16).Select(i => index * 1000f + i).ToArray();
        var right = Enumerable.Range(0, caller.Rows * 16).Select(i => i * 0.25f).ToArray();
        string[] outputs = caller.Outputs switch { 1 => ["OUTPUT0"], 2 => ["OUTPUT1"], 3 => ["OUTPUT1", "OUTPUT0"], _ => [] };
        var question = new Question("add_sub", QuestionInput.Floats("INPUT0", [caller.Rows, 16], left), QuestionInput.Floats("INPUT1", [caller.Rows, 16], right))
        {
            Id = $"caller-{index}",
            Outputs = outputs,
        };
        using var patience = new CancellationTokenSource();
        var task = sample.Server.Over(s_encodings[caller.Encoding]).AskAsync(question, patience.Token);
        if (caller.GivesUp)
        {
            await patience.CancelAsync();
        }

        Answer answer;
        try
        {
            answer = await task;
        }
        catch (OperationCanceledException) when (caller.GivesUp)
        {
            return;
        }

        if (caller.GivesUp && answer.Status == "Cancelled")
        {
            return;
        }

        answer.MustSucceed();
        Assert.Equal(question.Id, answer.Id);
        Assert.Equal(outputs.Length == 0 ? ["OUTPUT0", "OUTPUT1"] : outputs, answer.Outputs.Select(static output => output.Name));
        foreach (var output in answer.Outputs)
        {
            Assert.Equal([caller.Rows, 16], output.Shape);
            Assert.Equal(left.Zip(right, (a, b) => (double)(output.Name == "OUTPUT0" ? a + b : a - b)), output.Numbers);
        }
    }
}
