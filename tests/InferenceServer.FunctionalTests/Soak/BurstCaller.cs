using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Sends far more at once than there is room for, and then nothing for a while.</summary>
internal sealed class BurstCaller : ISoakActor
{
    private const int AtOnce = 40;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        await Task.WhenAll(Enumerable.Range(0, random.Next(2, AtOnce + 1)).Select(_ => AskAsync(scene, random)));
        await scene.PauseAsync(random.Next(50, 300));
    }

    private static async Task AskAsync(SoakScene scene, Random random)
    {
        var number = scene.Books.NextNumber();
        var item = TrafficGenerator.Narrow(random, number);
        await PlainCaller.AskAsync(scene, random, item with { Question = item.Question with { Id = $"{number}" } }, leavesAfter: null);
    }
}
