using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Asks models that answer any number of times, several questions at once; one in eight leaves in the midst.</summary>
internal sealed class StreamCaller : ISoakActor
{
    private const int AtOnce = 6;
    private const int LeavesOneIn = 8;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        DecoupledItem[] items = [.. Enumerable.Range(0, random.Next(1, AtOnce + 1)).Select(_ => DecoupledItem.Next(random, scene.Books.NextNumber()))];
        await AskAsync(scene, random, items, scene.Leaves && random.Next(LeavesOneIn) == 0 ? random.Next(0, 20) : null);
    }

    /// <summary>Asks through either door and books what comes.</summary>
    public static async Task<DecoupledAnswer[]> AskAsync(SoakScene scene, Random random, DecoupledItem[] items, int? leavesAfter)
    {
        var (door, way) = scene.Clients.Streams[random.Next(scene.Clients.Streams.Length)];
        var tickets = items.Select(item => scene.Books.Open(way, item.Model)).ToArray();
        var answers = await door.AskAsync(items, leavesAfter, CancellationToken.None);
        foreach (var ((item, answer), ticket) in items.Zip(answers).Zip(tickets))
        {
            if (answer.Judge(item, door.TellsFinal) is { } fault)
            {
                scene.Books.Fault($"'{item.Model}', request {item.Id} over {door.GetType().Name}: {fault}");
            }

            if (answer.HasLeft)
            {
                ticket.Cut(SoakEnd.CutLater);
            }
            else if (answer.Error is null)
            {
                ticket.Answer();
            }
            else
            {
                // A stream of gRPC has messages without codes; what models fail with is an internal error.
                ticket.Refuse(way == SoakWay.Rpc ? "INTERNAL" : $"{answer.Status}");
            }
        }

        return answers;
    }
}
