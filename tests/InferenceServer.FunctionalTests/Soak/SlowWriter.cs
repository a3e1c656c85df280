using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Sends its request in pieces, with pauses, and has its answer all the same.</summary>
/// <param name="caller">Its number among those that have sequences.</param>
/// <param name="callers">How many these are.</param>
internal sealed class SlowWriter(int caller, int callers) : ISoakActor
{
    private const int MaxPieces = 20;

    private readonly TrafficSequence _sequence = new(caller, callers);

    public async Task StepAsync(SoakScene scene, Random random)
    {
        var item = TrafficGenerator.Next(random, scene.Books.NextNumber(), _sequence);
        var ticket = scene.Books.Open(SoakWay.Http, item.Question.Model);
        var bytes = RawRequest.Of(item.Question).Bytes;
        using var connection = await RawConnection.OpenAsync(scene.Http);
        var pieces = random.Next(2, MaxPieces);
        for (var i = 0; i < pieces; i++)
        {
            await connection.WriteAsync(bytes[(bytes.Length * i / pieces)..(bytes.Length * (i + 1) / pieces)]);
            await scene.PauseAsync(random.Next(0, 15));
        }

        var answer = await BrokenOffCaller.ReadAsync(connection);
        PlainCaller.Book(scene.Books, ticket, item, answer, hasLeft: false);
        if (item.Question.Parameters.ContainsKey("sequence_id"))
        {
            _sequence.Settle(item, answer);
        }
    }
}
