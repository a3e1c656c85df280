using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Inference;
using InferenceServer.FunctionalTests.Reliability;
using InferenceServer.FunctionalTests.Streams;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Sends several requests with a deadline to a model that takes its time: some are refused at once, since they would be too late, and some are too late.</summary>
internal sealed partial class DeadlineCaller : ISoakActor
{
    private const int AtOnce = 6;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        await Task.WhenAll(Enumerable.Range(0, random.Next(1, AtOnce + 1)).Select(_ => AskAsync(scene, scene.Leaves && random.Next(2) == 0, TimeSpan.FromMilliseconds(random.Next(5, 250)))));
        await scene.PauseAsync(random.Next(0, 100));
    }

    private static async Task AskAsync(SoakScene scene, bool isRpc, TimeSpan deadline)
    {
        var ticket = scene.Books.Open(isRpc ? SoakWay.Rpc : SoakWay.Http, SoakRepository.Slow);
        var (end, status) = await Door(scene, isRpc).AskAsync(deadline);
        switch (end)
        {
            case OverloadEnd.Answered:
                ticket.Answer();
                break;
            case OverloadEnd.Late when isRpc:
                // Which of the two has noticed it first is not known.
                ticket.Cut(SoakEnd.CutLater);
                break;
            case OverloadEnd.Failed:
                scene.Books.Fault($"'{SoakRepository.Slow}' with a deadline: {status}");
                break;
            default:
                ticket.Refuse(isRpc ? RpcCodes.NameOf(Code().Match(status).Groups[1].Value) : $"{(int)Enum.Parse<HttpStatusCode>(status)}");
                break;
        }
    }

    private static IOverloadDoor Door(SoakScene scene, bool isRpc)
    {
        if (!isRpc)
        {
            return new OverloadOverHttp(scene.Clients.Http, SoakRepository.Slow, Encoding.ASCII.GetBytes("""{"inputs":[{"name":"X","datatype":"UINT8","shape":[1],"data":[7]}]}"""));
        }

        var question = new ModelInferRequest { ModelName = SoakRepository.Slow };
        question.Inputs.Add(StreamTest.UnsignedInput("X", [7]));
        question.Inputs[0].Datatype = "UINT8";
        return new OverloadOverRpc(scene.Clients.Rpc, question);
    }

    [GeneratedRegex("StatusCode=\"(\\w+)\"")]
    private static partial Regex Code();
}
