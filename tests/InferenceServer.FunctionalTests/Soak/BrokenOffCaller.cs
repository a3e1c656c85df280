using System.Text.Json;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Breaks off at any byte of its request or of the answer: closes, resets, or says that it sends no more. Now and then it reads all and hangs up at that very moment.</summary>
/// <param name="caller">Its number among those that have sequences.</param>
/// <param name="callers">How many these are.</param>
internal sealed class BrokenOffCaller(int caller, int callers) : ISoakActor
{
    private readonly TrafficSequence _sequence = new(caller, callers);

    public async Task StepAsync(SoakScene scene, Random random)
    {
        var item = TrafficGenerator.Next(random, scene.Books.NextNumber(), _sequence);
        var ticket = scene.Books.Open(SoakWay.Http, item.Question.Model);
        var request = RawRequest.Of(item.Question);
        var answer = await SendAsync(scene, random, item, ticket, request);
        if (item.Question.Parameters.ContainsKey("sequence_id"))
        {
            _sequence.Settle(item, answer);
        }
    }

    private static async Task<Answer?> SendAsync(SoakScene scene, Random random, TrafficItem item, SoakTicket ticket, RawRequest request)
    {
        using var connection = await RawConnection.OpenAsync(scene.Http);
        var isReset = random.Next(2) == 0;
        switch (scene.Leaves ? random.Next(5) : random.Next(2) * 4)
        {
            case 0:
                await connection.WriteAsync(request.Bytes[..random.Next(0, request.HeadLength)]);
                await LeaveAsync(connection, isReset, random);
                ticket.Cut(SoakEnd.CutInHead);
                return null;
            case 1:
                await connection.WriteAsync(request.Bytes[..random.Next(request.HeadLength, request.Bytes.Length)]);
                await LeaveAsync(connection, isReset, random);
                ticket.Cut(SoakEnd.CutInBody);
                return null;
            case 2:
                await connection.WriteAsync(request.Bytes);
                await LeaveAsync(connection, isReset, random);
                ticket.Cut(SoakEnd.CutLater);
                return null;
            case 3:
                await connection.WriteAsync(request.Bytes);
                await connection.ReadExactlyAsync(random.Next(1, 60));
                await LeaveAsync(connection, isReset, random);
                ticket.Cut(SoakEnd.CutLater);
                return null;
            default:
                await connection.WriteAsync(request.Bytes);
                var answer = await ReadAsync(connection);
                await LeaveAsync(connection, isReset, random);
                PlainCaller.Book(scene.Books, ticket, item, answer, hasLeft: false);
                return answer;
        }
    }

    /// <summary>Reads an answer in JSON.</summary>
    public static async Task<Answer> ReadAsync(RawConnection connection)
    {
        var (status, _, body) = await connection.ReadAnswerAsync();
        using var document = JsonDocument.Parse(body);
        return status == 200 ? AskOverJson.Read(document.RootElement) : AskOverJson.ReadError(status, document.RootElement);
    }

    private static async Task LeaveAsync(RawConnection connection, bool isReset, Random random)
    {
        if (isReset)
        {
            connection.ResetAtEnd();
        }
        else if (random.Next(2) == 0)
        {
            connection.EndWriting();
            while (!await connection.IsAtEndAsync())
            {
                // What still comes is for nobody.
            }
        }
    }
}
