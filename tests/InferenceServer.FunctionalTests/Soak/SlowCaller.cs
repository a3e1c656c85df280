using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Sends several requests to a model that takes its time; most of them leave while they wait or run.</summary>
internal sealed class SlowCaller : ISoakActor
{
    private const int AtOnce = 6;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        await Task.WhenAll(Enumerable.Range(0, random.Next(1, AtOnce + 1)).Select(_ => AskAsync(scene, random)));
        await scene.PauseAsync(random.Next(0, 100));
    }

    private static async Task AskAsync(SoakScene scene, Random random)
    {
        var number = scene.Books.NextNumber();
        byte[] values = [(byte)number, (byte)(number >> 8)];
        var question = new Question(SoakRepository.Slow, QuestionInput.Bytes("X", [values.Length], values)) { Id = $"{number}" };
        var item = new TrafficItem(question, 1, [new AnswerOutput("Y", "UINT8", [values.Length], [.. values.Select(static value => (double)value)], [])]);
        await PlainCaller.AskAsync(scene, random, item, scene.Leaves && random.Next(4) > 0 ? random.Next(0, 80) : null);
    }
}
