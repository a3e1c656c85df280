namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Changes the settings of the log and of tracing while everything goes on.</summary>
internal sealed class SettingsChanger : ISoakActor
{
    public async Task StepAsync(SoakScene scene, Random random)
    {
        if (random.Next(2) == 0)
        {
            await scene.ControlAsync("/v2/logging", $$"""{"log_verbose_level":{{random.Next(2)}}}""");
        }
        else
        {
            await scene.ControlAsync("/v2/trace/setting", $$"""{"trace_rate":"{{random.Next(50, 200)}}"}""");
        }

        await scene.PauseAsync(random.Next(100, 500));
    }
}
