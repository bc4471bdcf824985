//go:build windows

package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"

	"bloxdrop/internal/wholefile"
)

// Nobody but the service manager has the password of the service's account. So
// it is the service itself that looks: it is started, finds a request in its
// folder, does what is asked for, and waits for its stop.
const (
	requestFile = "check-request"
	answerFile  = "check-answer"

	answersWithin = 2 * time.Minute // a check asks for persons for a minute
	requestHolds  = time.Minute     // so that a forgotten one is none
	stoppedWithin = time.Minute     // else the service goes on as ever
)

// As lets the service run `bloxdrop check`, which is all that can be asked for,
// under its account. It tells the exit code.
func As(ctx context.Context, s Spec, out, _ io.Writer, _ ...string) (code int, err error) {
	m, err := mgr.Connect()
	if err != nil {
		return 0, plain(err)
	}
	defer m.Disconnect()
	there, err := look(m)
	switch {
	case err != nil:
		return 0, plain(err)
	case there == nil:
		return 0, errNotInstalled
	case there.running:
		return 0, errors.New("the service runs, and there can be no second one: `bloxdrop stop` first, and `bloxdrop start` afterwards; what the running one meets, `bloxdrop status` says")
	case !sameAccount(there.config(), s.Config):
		return 0, fmt.Errorf("the service has another config: `bloxdrop check --as-service --config \"%s\"`", there.config())
	}
	ours, err := home()
	if err != nil {
		return 0, err
	}
	request, answer := filepath.Join(ours, requestFile), filepath.Join(ours, answerFile)
	defer os.Remove(request)
	defer os.Remove(answer)
	_ = os.Remove(answer)
	if err := os.WriteFile(request, nil, 0o600); err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "as the service sees it, with the account %s:\n", there.account)
	said, err := does(ctx, func(service *mgr.Service) (string, error) {
		if err := service.Start(); err != nil {
			return "", err
		}
		text, err := answered(ctx, service, answer)
		if _, haltErr := halt(context.WithoutCancel(ctx), service); err == nil {
			err = haltErr
		}
		return text, err
	})
	if err != nil {
		return 0, err
	}
	number, text, _ := bytes.Cut([]byte(said), []byte("\n"))
	if code, err = strconv.Atoi(string(number)); err != nil {
		return 0, errors.New("the service's answer can't be understood")
	}
	_, err = out.Write(text)
	return code, err
}

// answered waits for the service's answer.
func answered(ctx context.Context, s *mgr.Service, path string) (string, error) {
	for end := time.Now().Add(answersWithin); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(lookEvery) {
		text, err := os.ReadFile(path)
		if err == nil {
			return string(text), nil
		}
		status, err := s.Query()
		if err != nil {
			return "", err
		}
		if status.State == svc.Stopped {
			return "", fmt.Errorf("the service ended at once: perhaps its account can't read the program or %s; Windows' event log may say more (Application, source bloxdrop)", filepath.Dir(path))
		}
	}
	return "", errors.Join(ctx.Err(), errors.New("the service has not answered; what it says is in its log and in Windows' event log"))
}

// Requested tells a service that starts whether As has asked it to look, once.
func Requested() bool {
	ours, err := home()
	return err == nil && requested(ours)
}

// requested says yes also where the request can't be removed, as a virus scanner
// may have it open: whoever asked for a look must not get a service that sends.
func requested(dir string) bool {
	path := filepath.Join(dir, requestFile)
	info, err := os.Stat(path)
	if err != nil || time.Since(info.ModTime()) >= requestHolds {
		return false
	}
	_ = wholefile.Remove(path) // As does it, too, and it holds for a minute
	return true
}

// Answer gives As what it waits for, and waits for the stop.
func Answer(ctx context.Context, code int, text []byte) error {
	ours, err := home()
	if err != nil {
		return err
	}
	path := filepath.Join(ours, answerFile)
	if err := os.WriteFile(path+".new", append(fmt.Appendln(nil, code), text...), 0o600); err != nil {
		return err
	}
	if err := windows.Rename(path+".new", path); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(stoppedWithin):
	}
	return nil
}
