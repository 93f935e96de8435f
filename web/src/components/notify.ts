// What is said in passing, in the corner: something was done, or did not work. Not for what has to be answered.
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';

export const notifyDone = (message: string): void => {
  notifications.show({ message, closeButtonProps: closeButton() });
};

/** Stays longer: there is something to read. */
export const notifyFailed = (title: string, message: string): void => {
  notifications.show({
    color: 'red',
    title,
    message,
    autoClose: 10_000,
    role: 'alert',
    closeButtonProps: closeButton(),
  });
};

const closeButton = () => ({ 'aria-label': i18next.t('action.close') });
