using InferenceServer.FunctionalTests.Models;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Asks the models that are replaced and taken away: each answer must be one that a version gives which could serve then, and only one of them may ever be gone.</summary>
internal sealed class ReloadedCaller(Reloader reloader) : ISoakActor
{
    private static readonly string[] s_models = [SoakRepository.Scaled, SoakRepository.Shaky, SoakRepository.Toggled, SoakRepository.Coming];

    public async Task StepAsync(SoakScene scene, Random random)
    {
        var model = s_models[random.Next(s_models.Length)];
        var door = scene.Clients.Doors[random.Next(scene.Clients.Doors.Length)];
        var ticket = scene.Books.Open(door.Way, model);
        var least = reloader.Serving;
        var answer = await door.Ask.AskAsync(new Question(model, QuestionInput.Floats("X", [1], 1)), CancellationToken.None);
        if (answer.Status.Length > 0)
        {
            ticket.TurnAway(door.Way == SoakWay.Rpc ? RpcCodes.NameOf(answer.Status) : answer.Status);
            if (model != SoakRepository.Coming || !answer.Error.Contains("has no available versions", StringComparison.Ordinal))
            {
                scene.Books.Fault($"'{model}': {answer.Status} {answer.Error}");
            }

            return;
        }

        ticket.Answer();
        var factor = answer["Y"].Numbers[0];
        var isRight = model switch
        {
            SoakRepository.Scaled => factor >= least && factor <= reloader.Written && factor == Math.Truncate(factor),
            SoakRepository.Toggled => $"{factor}" == answer.ModelVersion,
            _ => factor == 1,
        };
        if (!isRight)
        {
            scene.Books.Fault($"'{model}' version {answer.ModelVersion} answered {factor}; loaded for good was {least} then, and {reloader.Written} is the last that was written");
        }
    }
}
