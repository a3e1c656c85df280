using InferenceServer.FunctionalTests.Repository;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Replaces models, adds and removes versions, unloads and loads, and loads what cannot be loaded.</summary>
internal sealed class Reloader : ISoakActor
{
    private int _serving = 1;
    private int _written = 1;
    private bool _hasSecond;

    /// <summary>The factor that a load call has returned for, which no later answer of <see cref="SoakRepository.Scaled"/> may be below.</summary>
    public int Serving => Volatile.Read(ref _serving);

    /// <summary>The highest factor that there has been a file with.</summary>
    public int Written => Volatile.Read(ref _written);

    public async Task StepAsync(SoakScene scene, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                var factor = Interlocked.Increment(ref _written);
                scene.Repository.Write($"{SoakRepository.Scaled}/1/model.onnx", ScaledModel.Of(factor));
                await LoadAsync(scene, SoakRepository.Scaled);
                Volatile.Write(ref _serving, factor);
                break;
            case 1:
                scene.Repository.Write($"{SoakRepository.Shaky}/1/model.onnx", "junk"u8);
                await LoadAsync(scene, SoakRepository.Shaky, 400);
                scene.Repository.Write($"{SoakRepository.Shaky}/1/model.onnx", ScaledModel.Of(1));
                await LoadAsync(scene, SoakRepository.Shaky);
                break;
            case 2:
                await ToggleAsync(scene);
                break;
            case 3:
                await ComeAndGoAsync(scene, random.Next(0, 200));
                break;
            default:
                await LoadAsync(scene, "nothing", 500);
                break;
        }

        await scene.PauseAsync(random.Next(20, 300));
    }

    /// <summary>Unloads a model and loads it again, which has the managed heap collected.</summary>
    public static async Task ComeAndGoAsync(SoakScene scene, int milliseconds)
    {
        await scene.ControlAsync($"/v2/repository/models/{SoakRepository.Coming}/unload", "");
        await scene.PauseAsync(milliseconds);
        await LoadAsync(scene, SoakRepository.Coming);
    }

    private async Task ToggleAsync(SoakScene scene)
    {
        _hasSecond = !_hasSecond;
        if (_hasSecond)
        {
            scene.Repository.Write($"{SoakRepository.Toggled}/2/model.onnx", ScaledModel.Of(2));
        }
        else
        {
            Directory.Delete(Path.Combine(scene.Repository.FullPath, SoakRepository.Toggled, "2"), recursive: true);
        }

        await LoadAsync(scene, SoakRepository.Toggled);
    }

    private static Task<string> LoadAsync(SoakScene scene, string model, int status = 200) => scene.ControlAsync($"/v2/repository/models/{model}/load", "", status);
}
