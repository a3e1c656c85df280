using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Asks whatever chance says, in any way; one in twelve leaves at some time.</summary>
/// <param name="caller">Its number among those that have sequences.</param>
/// <param name="callers">How many these are.</param>
internal sealed class PlainCaller(int caller, int callers) : ISoakActor
{
    private const int LeavesOneIn = 12;

    private readonly TrafficSequence _sequence = new(caller, callers);

    public async Task StepAsync(SoakScene scene, Random random)
    {
        var item = TrafficGenerator.Next(random, scene.Books.NextNumber(), _sequence);
        var answer = await AskAsync(scene, random, item, scene.Leaves && random.Next(LeavesOneIn) == 0 ? random.Next(0, 25) : null);
        if (item.Question.Parameters.ContainsKey("sequence_id"))
        {
            _sequence.Settle(item, answer);
        }
    }

    /// <summary>Asks through any door and books what comes.</summary>
    /// <param name="scene">The round.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="item">What is asked, and what must come.</param>
    /// <param name="leavesAfter">When the client leaves, in milliseconds; null when it stays.</param>
    /// <returns>The answer; null when the client left before.</returns>
    public static async Task<Answer?> AskAsync(SoakScene scene, Random random, TrafficItem item, int? leavesAfter)
    {
        var door = scene.Clients.Doors[random.Next(scene.Clients.Doors.Length)];
        var ticket = scene.Books.Open(door.Way, item.Question.Model);
        using var leaving = new CancellationTokenSource();
        if (leavesAfter is { } milliseconds)
        {
            leaving.CancelAfter(milliseconds);
        }

        Answer? answer;
        try
        {
            answer = await door.Ask.AskAsync(item.Question, leaving.Token);
        }
        catch (Exception exception) when (leaving.IsCancellationRequested && exception is OperationCanceledException or HttpRequestException or IOException)
        {
            answer = null;
        }

        Book(scene.Books, ticket, item, answer, leaving.IsCancellationRequested);
        return answer;
    }

    /// <summary>Judges an answer and closes its ticket.</summary>
    public static void Book(SoakBooks books, SoakTicket ticket, TrafficItem item, Answer? answer, bool hasLeft)
    {
        if (new TrafficTally().Judge(item, answer, hasLeft) is { } fault)
        {
            books.Fault($"'{item.Question.Model}', request {item.Question.Id}: {fault}");
        }

        if (answer is null || (hasLeft && answer.Status == "Cancelled"))
        {
            ticket.Cut(SoakEnd.CutLater);
        }
        else if (answer.Status.Length > 0)
        {
            ticket.Refuse(ticket.Way == SoakWay.Rpc ? RpcCodes.NameOf(answer.Status) : answer.Status);
        }
        else
        {
            ticket.Answer();
        }
    }
}
